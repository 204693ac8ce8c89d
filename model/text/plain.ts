/**
 * Text from outside made plain: control and bidirectional characters are shown as what they are,
 * so that no label can reorder, hide or break what stands beside it. Line ends, tabs and the joiner
 * of emoji stay. Source: Unicode general categories Cc, Cf, Zl, Zp and Cs.
 */
export const plain = (text: string): string =>
  text.replace(
    /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
