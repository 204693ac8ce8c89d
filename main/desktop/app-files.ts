/** `app://slipway/…`: the built renderer and nothing else, under the strictest policy that its parts allow. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'

export const origin = 'app://slipway'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // Svelte makes its templates' elements through a policy of this name.
  'trusted-types svelte-trusted-html',
].join('; ')

const kinds: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Answers for the files that lie under `folder` now. The list is fixed: no path of a request is ever joined to a folder. */
export function appFiles(folder: string): (request: Pick<Request, 'url' | 'method'>) => Response {
  const files = new Map<string, string>(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && extname(entry.name) in kinds)
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [`${origin}/${relative(folder, file)}`, file] as const),
  )
  return ({ url, method }) => {
    const file = method === 'GET' ? files.get(url.replace(/[?#].*$/s, '')) : undefined
    if (!file) return new Response(null, { status: 404 })
    return new Response(readFileSync(file), {
      headers: {
        'Content-Type': kinds[extname(file)]!,
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Opener-Policy': 'same-origin',
      },
    })
  }
}
