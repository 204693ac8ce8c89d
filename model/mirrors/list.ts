/** Mirrors in a file that somebody made: an address a line, a JSON list of them, or a whole daemon.json. */
import { parseMirrorAddress, sameMirror } from './address.ts'

export interface ListedMirrors {
  readonly addresses: readonly string[]
  /** What is no address, by line; in JSON (`isList`), by its place in the list. */
  readonly wrong: readonly { readonly line: number; readonly text: string }[]
  readonly isList: boolean
}

const shown = 80

export function mirrorsIn(file: string): ListedMirrors {
  const text = file.replace(/^\uFEFF/, '')
  const addresses: string[] = []
  const wrong: { line: number; text: string }[] = []
  const list = inJson(text)
  for (const [index, { said, words }] of (list ?? inLines(text)).entries()) {
    const tell = (what: string) => wrong.push({ line: index + 1, text: what.slice(0, shown) })
    if (words.length === 0 && said !== '') tell(said)
    for (const word of words) {
      const parsed = parseMirrorAddress(word)
      if (!parsed.ok) tell(word)
      else if (!addresses.some((one) => sameMirror(one, parsed.address))) addresses.push(parsed.address)
    }
  }
  return { addresses, wrong, isList: list !== undefined }
}

interface Line {
  /** Without a comment. */
  readonly said: string
  /** What in it is meant as an address. */
  readonly words: readonly string[]
}

/**
 * A line may have a comment (`#`), several addresses parted by commas or spaces, and words beside them; one with nothing
 * but words is told as a whole.
 */
const inLines = (text: string): Line[] =>
  text.split(/\r\n|\r|\n/).map((line) => {
    const said = line.replace(/(?:^|\s)#.*$/, '').trim()
    return { said, words: said.split(/[\s,;，、；：]+/).filter((word) => looksLikeAddress.test(word)) }
  })

/** A scheme, a dot within, or a port: in a text, a bare word is a word. */
const looksLikeAddress = /:\/\/|[^\s.]\.[^\s.]|[^\s:]:\d/

/** Undefined where it is no list and no object of JSON; nothing where that has no mirrors. */
function inJson(text: string): Line[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object') return undefined
  const list = value && 'registry-mirrors' in value ? value['registry-mirrors'] : value
  if (!Array.isArray(list)) return []
  return list.map((one: unknown) => {
    const said = typeof one === 'string' ? one : JSON.stringify(one)
    return { said, words: [said] }
  })
}
