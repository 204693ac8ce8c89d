/** Commands to copy, as a shell takes them. */

/** A word as a POSIX shell reads it back: quoted only where it must be. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
