/**
 * Whether two texts differ only in white space and punctuation. The helper has the same rule (resources/helper, mend.py).
 */

/** Quotes, brackets, commas and colons of JSON, and their full-width and typographic forms. */
const punctuation = '"\'`“”„‟‘’‚‛＂＇[]［］【】{}｛｝,，、:：'
const spaces = ' \\t\\n\\v\\f\\r\\u0085\\u00a0\\u1680\\u2000-\\u200d\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff'
const separators = new RegExp(`[${punctuation.replace(/[[\]]/g, '\\$&')}${spaces}]+`, 'g')

/** @returns the words between punctuation and white space, in order */
const words = (text: string): readonly string[] => text.split(separators).filter((word) => word !== '')

/** Whether both texts have the same words in the same order. No word can be joined or split. */
export function hasSameContent(a: string, b: string): boolean {
  const [first, second] = [words(a), words(b)]
  return first.length === second.length && first.every((word, index) => word === second[index])
}
