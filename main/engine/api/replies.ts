/** Schemas of parts that occur in the replies of several endpoints. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'

/** A list. The engine writes an empty list or map as null. */
export const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.nullish(v.array(item), []), v.readonly())
export const keys = v.pipe(
  v.nullish(v.record(v.string(), v.unknown()), {}),
  v.transform((map) => Object.keys(map)),
)
export const text = v.nullish(v.string(), '')
export const bytes = v.nullish(v.number(), 0)

const withAlgorithm = (id: string) => (id.includes(':') ? id : `sha256:${id}`)
/** An id. Podman's ids have no algorithm, so `sha256:` is added. */
export const id = v.pipe(v.string(), v.transform(withAlgorithm))

/** Drops the placeholders for a missing tag or digest: `<none>:<none>` (20.10), a bare digest (28, containerd store). */
export const namesOf = (items: readonly string[]) => items.filter((name) => !/^(<none>|sha256:)/.test(name)).sort()
export const names = v.pipe(list(v.string()), v.transform(namesOf))
export const parent = v.pipe(
  text,
  v.transform((value) => (value ? { parent: withAlgorithm(value) } : {})),
)

/** A list reports dates in seconds since 1970. */
export const listedDate = v.pipe(
  v.nullish(v.number(), 0),
  v.transform((date) => Math.max(0, date)),
)
/** An inspect reports dates as text. Converted to seconds since 1970. */
export const inspectedDate = v.pipe(
  text,
  // A missing date and Go's zero time (year 1) both mean that the builder recorded no date.
  v.transform((date) => Math.max(0, Math.floor(Date.parse(date) / 1000) || 0)),
)

/** Quotes the first invalid field of a reply, such as `"RepoTags": 7`. Values are cut after 200 characters. */
export function malformedPart([issue]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const name = v.getDotPath(issue)
  const value = (JSON.stringify(issue.input) ?? 'undefined').slice(0, 200)
  return name ? `"${name}": ${value}` : value
}
