/**
 * Makes untrusted text safe to display: control and bidirectional characters become `⟨U+XXXX⟩`, so that they cannot
 * reorder or hide the text around them. Newlines, tabs and the zero-width joiner of emoji are kept.
 * Source: Unicode general categories Cc, Cf, Zl, Zp and Cs.
 */
export const plain = (text: string): string =>
  text.replace(
    /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
