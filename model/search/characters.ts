/** Replaces what chats, word processors and Chinese input methods put in place of ASCII characters. */

/** Invisible characters, except the joiners that some scripts and emoji need. */
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g

export const withoutInvisible = (text: string): string => text.replace(invisible, '')

/** How far a full-width form (U+FF01 to U+FF5E) is from its ASCII character. */
const fullWidthOffset = 0xfee0

/** @returns the text with ASCII quotes, hyphens, spaces and full-width forms, and without any invisible character */
export const toAscii = (text: string): string =>
  text
    .replace(/\p{Cf}/gu, '')
    .replace(/[\uff01-\uff5e]/g, (character) => String.fromCharCode(character.charCodeAt(0) - fullWidthOffset))
    .replace(/[“”„‟″「」『』«»《》〈〉〝〞]/g, '"')
    .replace(/[‘’‚‛′]/g, "'")
    .replace(/[‐‑−]/g, '-')
    .replace(/(?<=\w)。(?=\w)/g, '.')
    .replace(/\s/g, ' ')

const pairs = ['""', "''", '``', '**', '()', '[]', '【】']

/**
 * Removes what surrounds a text in chats and documents: quotes, brackets, a list's or a prompt's mark, and the
 * punctuation after it. A dot at the end is punctuation, although Docker would accept it in a tag.
 */
export function unwrap(text: string): string {
  let inner = text.trim()
  for (;;) {
    const before = inner
    inner = inner
      .replace(/^```(?:bash|sh|shell|console|dockerfile|ya?ml)?\s(.*?)\s?```$/i, '$1')
      .replace(/^(?:(?:[-*•·$#>%❯]|\d+[.)])\s+|[①-⑳]\s*)/, '')
      .replace(/^\[[^\]]*\]\((https?:\S+)\)$/i, '$1')
      .replace(/[.,;!?。、…]+$/, '')
      .replace(/^<(https?:.*)>$/i, '$1')
      .trim()
    const [open, close] = [inner.charAt(0), inner.slice(-1)]
    const content = inner.slice(1, -1)
    const isPair = inner.length > 1 && pairs.includes(open + close)
    if (isPair && !content.includes(open) && !content.includes(close)) inner = content.trim()
    if (inner === before) return inner
  }
}

/** Removes quotes, brackets and punctuation that are left at the ends of a single word, and `docker://`. */
export const trimName = (word: string): string =>
  word.replace(/^["'`*(]+|["'`*).,;!?。、…]+$/g, '').replace(/^docker:\/\//i, '')
