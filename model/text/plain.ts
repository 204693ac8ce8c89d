/** Characters that are not seen, but change what a person reads, or what a program does with a text. */

const emoji = '\\p{Extended_Pictographic}'
/**
 * Invisible characters that their neighbours need: the joiner in emoji, and after a virama in Indic scripts; the
 * selectors that make a pictograph or a keycap an emoji. Source: Unicode TR51, ED-9, ED-16, ED-20; RFC 5892, A.2.
 */
const needed = [
  `(?<=${emoji}[\\u{1f3fb}-\\u{1f3ff}\\ufe0f]?)\\u200d(?=${emoji})`,
  '(?<=[\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d4d\\u0dca])\\u200d',
  `(?<=${emoji})[\\ufe0e\\ufe0f]`,
  '(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
].join('|')

/**
 * Control and format characters (bidirectional ones among them), line separators, halves of surrogate pairs, and what a
 * font shows nothing for. Source: Unicode general categories, and the property Default_Ignorable_Code_Point.
 */
const hidden = new RegExp(
  `(?!\\n|\\t|${needed})[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Default_Ignorable_Code_Point}]`,
  'gu',
)

/**
 * Makes untrusted text safe to display: hidden characters become `⟨U+XXXX⟩`, so that they cannot reorder or hide the
 * text around them. Newlines and tabs are kept.
 */
export const plain = (text: string): string =>
  text.replace(hidden, (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`)

/** Takes out what `plain` shows as a code point. What is copied has no character that the user does not see. */
export const withoutHidden = (text: string): string => text.replace(hidden, '')

/** Whether a text has characters that `plain` shows as code points. */
export const hasHidden = (text: string): boolean => text.search(hidden) >= 0

/** Replaces each hidden character. For languages that have escapes of their own, such as JSON and the shell. */
export const escapeHidden = (text: string, escape: (character: string) => string): string =>
  text.replace(hidden, escape)
