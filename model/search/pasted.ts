/** Reads the image out of what people paste: commands, lines of Dockerfiles and Compose files, and web addresses. */
import { toAscii, trimName, unwrap } from './characters.ts'
import { parsePlatform, readCommand } from './command.ts'
import { readWebPage } from './web-page.ts'

export type Pasted =
  /** `image`: its name as written, which may be invalid. */
  | { readonly kind: 'image'; readonly image: string; readonly platform?: string }
  | { readonly kind: 'words'; readonly words: string }
  /** A web address that is not an image's page. */
  | { readonly kind: 'page' }

/** @returns undefined if the text has none of these forms */
export function readPasted(typed: string): Pasted | undefined {
  const text = unwrap(toAscii(typed))
  const target = readCommand(text) ?? readDockerfileLine(text) ?? readComposeLine(text)
  if (!target) return readPage(text)
  if ('words' in target) return { kind: 'words', words: target.words }
  const image = trimName(target.image)
  const page = /^https?:/i.test(image) ? readPage(image) : undefined
  return page ?? { kind: 'image', ...target, image }
}

/** `FROM --platform=linux/arm64 nginx:1.27 AS build`, also with the instructions that follow it, or after `# syntax=`. */
function readDockerfileLine(text: string) {
  const [, from, flags = '', image = '', rest = ''] =
    /^(from)\s+((?:--\S+\s+)*)(\S+)(?:\s+as\s+[\w.-]+)?(?:\s+#.*|\s+[A-Z]{3,}\s(.*))?$/i.exec(
      text.replace(/^(?:#\s*)?syntax=\S+\s+/, ''),
    ) ?? []
  if (from === undefined || image === 'scratch' || /\bFROM\s/.test(rest)) return undefined
  // In lower case, only an unmistakable name tells a Dockerfile from words such as “from docker”.
  if (from !== 'FROM' && !/[:@/]/.test(image)) return undefined
  const platform = parsePlatform(/--platform=(\S+)/.exec(flags)?.[1] ?? '')
  return { image, ...(platform && { platform }) }
}

/**
 * `image: "redis:7"`, `"image": "redis:7",`, `Image=redis:7`; another key or a comment may follow. Also a Compose file with
 * one image, and a step of GitHub Actions, `uses: docker://redis:7`.
 */
function readComposeLine(text: string) {
  const step = /^uses:\s+(docker:\/\/\S+)$/.exec(text)?.[1]
  if (step !== undefined) return { image: step }
  const [line = text] = text.match(/(?<=^[\w.-]+:\s(?:(?!\bimage:).)*)\bimage:\s(?:(?!\bimage:).)*$/) ?? []
  const [, , image] =
    /^(["']?)(?:container_?)?(?:image|镜像(?:名称?|地址)?)\1(?:\s*:\s+|\s*:(?=["'])|\s*:(?=\S+:\w)|\s*=\s*|(?<=[镜像名称地址]):)(\S+)(?:\s+#.*|\s+"?[\w-]+"?:(?:\s.*)?)?$/i.exec(
      line,
    ) ?? []
  return image === undefined ? undefined : { image }
}

/** Browsers share a page as its title and its address, so words may surround the address of an image's page. */
function readPage(text: string): Pasted | undefined {
  const addresses = text.match(/https?:\/\/\S+/gi) ?? []
  const isAlone = !text.includes(' ')
  if (!isAlone && addresses.length !== 1) return undefined
  const page = readWebPage(trimName(isAlone ? text : addresses[0]!))
  if (!page) return undefined
  if ('image' in page) return { kind: 'image', image: page.image }
  if ('words' in page) return { kind: 'words', words: page.words }
  return isAlone ? { kind: 'page' } : undefined
}
