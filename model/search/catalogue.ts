/** Searches the bundled catalogue. */

export interface CatalogueEntry {
  readonly name: string
  readonly stars?: number
  /** The descriptions in all languages. */
  readonly texts: readonly string[]
  readonly categories: readonly string[]
}

/** The rank of a matching word; lower is better. `description`: a description or a category matches. */
const ranks = { exact: 0, prefix: 1, contained: 2, description: 3 } as const

/**
 * @returns the entries that match every word of the query by name, category, or description in any language. The entry
 * with the lowest sum of ranks comes first; entries with the same sum are sorted by stars.
 */
export function searchCatalogue<Entry extends CatalogueEntry>(entries: readonly Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return entries
    .flatMap((entry) => {
      const wordRanks = words.map((word) => rankOf(entry, word))
      const rank = wordRanks.reduce<number | undefined>(
        (sum, rank) => (sum === undefined || rank === undefined ? undefined : sum + rank),
        0,
      )
      return rank === undefined ? [] : [{ entry, rank }]
    })
    .sort((a, b) => a.rank - b.rank || byStars(a.entry, b.entry))
    .map(({ entry }) => entry)
}

/** Compares by stars, most first; entries without stars come last, sorted by name. */
export const byStars = (a: CatalogueEntry, b: CatalogueEntry): number =>
  (b.stars ?? -1) - (a.stars ?? -1) || (a.name < b.name ? -1 : Number(a.name > b.name))

/** @returns the rank of a word in an entry; undefined if the entry does not match */
function rankOf(entry: CatalogueEntry, word: string): number | undefined {
  const name = entry.name.toLowerCase()
  if (name === word) return ranks.exact
  if (name.startsWith(word)) return ranks.prefix
  if (name.includes(word)) return ranks.contained
  const isDescribed = [...entry.texts, ...entry.categories].some((text) => containsWord(text.toLowerCase(), word))
  return isDescribed ? ranks.description : undefined
}

/** Latin words match only at a word start: `go` does not match "MongoDB". Chinese text has no spaces between words. */
function containsWord(text: string, word: string): boolean {
  for (let index = text.indexOf(word); index >= 0; index = text.indexOf(word, index + 1))
    if (!/^[a-z0-9]/.test(word) || !/[a-z0-9]/.test(text[index - 1] ?? ' ')) return true
  return false
}
