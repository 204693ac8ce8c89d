/** Mirrors in a file that somebody made: an address a line, a JSON list of them, or a whole daemon.json. */
import { parseMirrorAddress, sameMirror } from './mirror-address.ts'

export interface ListedMirrors {
  readonly addresses: readonly string[]
  /** What is no address, by line; in JSON, by its place in the list. */
  readonly wrong: readonly { readonly line: number; readonly text: string }[]
}

const shown = 80

/** Lines may have comments (`#`), and several addresses parted by commas or spaces. */
export function mirrorsIn(text: string): ListedMirrors {
  const addresses: string[] = []
  const wrong: { line: number; text: string }[] = []
  const lines = inJson(text) ?? text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [index, line] of lines.entries())
    for (const word of line.replace(/(?:^|\s)#.*$/, '').split(/[\s,]+/)) {
      if (word === '') continue
      const parsed = parseMirrorAddress(word)
      if (!parsed.ok) wrong.push({ line: index + 1, text: word.slice(0, shown) })
      else if (!addresses.some((one) => sameMirror(one, parsed.address))) addresses.push(parsed.address)
    }
  return { addresses, wrong }
}

/** Undefined where it is no JSON, or JSON that lists no mirrors. */
function inJson(text: string): readonly string[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const list = typeof value === 'object' && value && 'registry-mirrors' in value ? value['registry-mirrors'] : value
  return Array.isArray(list) ? list.map(String) : undefined
}
