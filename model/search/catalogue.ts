/** Searching the catalogue that comes with the app. */

export interface CatalogueEntry {
  readonly name: string
  readonly stars?: number
  /** What is said of it, in every language. */
  readonly texts: readonly string[]
  readonly categories: readonly string[]
}

/** How well one word fits; the smaller the better. */
const fits = { exact: 0, prefix: 1, contained: 2, told: 3 } as const

/**
 * The entries that every word fits: those of that very name first, then those whose name begins with it, holds it, or
 * whose description has it, in whatever language; among equals the most starred first.
 */
export function searchCatalogue<Entry extends CatalogueEntry>(entries: readonly Entry[], words: string): Entry[] {
  const asked = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (asked.length === 0) return []
  return entries
    .flatMap((entry) => {
      const found = asked.map((word) => fit(entry, word))
      const rank = found.reduce<number | undefined>(
        (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
        0,
      )
      return rank === undefined ? [] : [{ entry, rank }]
    })
    .sort((a, b) => a.rank - b.rank || byStars(a.entry, b.entry))
    .map(({ entry }) => entry)
}

/** The most starred first; those without a count come last, by name. */
export const byStars = (a: CatalogueEntry, b: CatalogueEntry): number =>
  (b.stars ?? -1) - (a.stars ?? -1) || (a.name < b.name ? -1 : Number(a.name > b.name))

function fit(entry: CatalogueEntry, word: string): number | undefined {
  const name = entry.name.toLowerCase()
  if (name === word) return fits.exact
  if (name.startsWith(word)) return fits.prefix
  if (name.includes(word)) return fits.contained
  return [...entry.texts, ...entry.categories].some((text) => tells(text.toLowerCase(), word)) ? fits.told : undefined
}

/** `go` is not told of by "MongoDB": a word of letters counts from its beginning. Han stands without spaces. */
function tells(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/^[a-z0-9]/.test(word) || !/[a-z0-9]/.test(text[at - 1] ?? ' ')) return true
  return false
}
