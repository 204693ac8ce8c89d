/** Serves only the built renderer, at `app://slipway/…`, with a strict Content Security Policy. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'

export const origin = 'app://slipway'

const contentSecurityPolicy = [
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
  // Svelte creates its template elements through the policy with this name.
  'trusted-types svelte-trusted-html',
].join('; ')

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * @returns a handler of requests for the files that are in `folder` now. The list of files is fixed, so no requested path
 * is ever joined to the folder. Every other request gets a 404.
 */
export function appFiles(folder: string): (request: Pick<Request, 'url' | 'method'>) => Response {
  const files = new Map<string, string>(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && extname(entry.name) in contentTypes)
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [`${origin}/${relative(folder, file)}`, file] as const),
  )
  return ({ url, method }) => {
    const file = method === 'GET' ? files.get(url.replace(/[?#].*$/s, '')) : undefined
    if (!file) return new Response(null, { status: 404 })
    return new Response(readFileSync(file), {
      headers: {
        'Content-Type': contentTypes[extname(file)]!,
        'Content-Security-Policy': contentSecurityPolicy,
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Opener-Policy': 'same-origin',
      },
    })
  }
}
