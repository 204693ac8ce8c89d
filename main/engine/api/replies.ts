/** Schemas of the engine's replies, as far as Slipway reads them. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'
import { containerStates, type Container, type Image } from '../../../model/image/image.ts'

/** An image with its labels. Labels stay in the main process, because each may be 10,000 bytes long. */
export interface KnownImage extends Image {
  /** `name=value` pairs, in lower case. */
  readonly labels: readonly string[]
}

/** Go writes an empty list or map as null. */
export const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.nullish(v.array(item), []), v.readonly())
export const keys = v.pipe(
  v.nullish(v.record(v.string(), v.unknown()), {}),
  v.transform((map) => Object.keys(map)),
)
export const text = v.nullish(v.string(), '')

/** An id with its algorithm, which Podman omits. */
export const id = v.pipe(
  v.string(),
  v.transform((value) => (value.includes(':') ? value : `sha256:${value}`)),
)
/** Drops placeholders for missing tags and digests: `<none>:<none>` (20.10), a bare digest (28's containerd store). */
const namesOf = (items: readonly string[]) => items.filter((name) => !/^(<none>|sha256:)/.test(name)).sort()
export const names = v.pipe(list(v.string()), v.transform(namesOf))
const parent = v.pipe(
  text,
  v.transform((value) => (value ? { parent: value.includes(':') ? value : `sha256:${value}` } : {})),
)

/** Labels in the form that the search uses. Docker never sends null as a value, but other engines do. */
const labels = v.pipe(
  v.nullish(v.record(v.string(), text), {}),
  v.transform((map) => Object.entries(map).map(([name, value]) => `${name}=${value}`.toLowerCase())),
)

const imageSize = v.pipe(
  v.nullish(v.number(), -1),
  v.transform((bytes): Pick<Image, 'size' | 'sizeUnknown'> =>
    bytes < 0 ? { size: 0, sizeUnknown: true } : { size: bytes },
  ),
)
const listedDate = v.pipe(
  v.nullish(v.number(), 0),
  v.transform((date) => Math.max(0, date)),
)

const imageRow = v.object({
  Id: id,
  ParentId: parent,
  RepoTags: names,
  RepoDigests: names,
  Created: listedDate,
  Size: imageSize,
  Labels: labels,
})
const fromImageRow = (row: v.InferOutput<typeof imageRow>): KnownImage => ({
  id: row.Id,
  references: row.RepoTags,
  digests: row.RepoDigests,
  created: row.Created,
  ...row.Size,
  labels: row.Labels,
  ...row.ParentId,
})
export const imageListed = v.pipe(imageRow, v.transform(fromImageRow))

const readableNames = v.pipe(
  v.fallback(v.array(v.unknown()), []),
  v.transform((items) => namesOf(items.filter((name) => typeof name === 'string'))),
)
/** The readable fields of a row that does not parse as a whole. */
const malformedImageRow = v.object({
  Id: id,
  ParentId: v.fallback(parent, {}),
  RepoTags: readableNames,
  RepoDigests: readableNames,
  Created: v.fallback(listedDate, 0),
  Size: v.fallback(imageSize, { size: 0, sizeUnknown: true }),
  Labels: v.fallback(labels, []),
})

/**
 * The images of `GET /images/json`. A malformed row becomes an image with its readable fields, marked as unreadable. A
 * row without an id is logged and skipped. Throws if the reply is not a list.
 */
export function parseImageRows(reply: unknown): KnownImage[] {
  return v.parse(list(v.unknown()), reply).flatMap((row): KnownImage[] => {
    const parsed = v.safeParse(imageListed, row)
    if (parsed.success) return [parsed.output]
    const malformed = v.safeParse(malformedImageRow, row)
    if (malformed.success) return [{ ...fromImageRow(malformed.output), unreadable: malformedPart(parsed.issues) }]
    console.warn('Skipping a listed image without an id:', malformedPart(parsed.issues))
    return []
  })
}

/** Quotes the first part of a reply that does not parse, such as `"RepoTags": 7`. Values end after 200 characters. */
function malformedPart([issue]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const name = v.getDotPath(issue)
  const value = (JSON.stringify(issue.input) ?? 'undefined').slice(0, 200)
  return name ? `"${name}": ${value}` : value
}

const seconds = v.pipe(
  text,
  // A missing date and Go's zero time (year 1) both mean that the builder recorded no date.
  v.transform((date) => Math.max(0, Math.floor(Date.parse(date) / 1000) || 0)),
)

export const imageInspected = v.pipe(
  v.object({
    Id: id,
    Parent: parent,
    RepoTags: names,
    RepoDigests: names,
    Created: seconds,
    Size: imageSize,
    Config: v.nullish(v.object({ Labels: labels }), { Labels: {} }),
  }),
  v.transform((reply): KnownImage => ({
    id: reply.Id,
    references: reply.RepoTags,
    digests: reply.RepoDigests,
    created: reply.Created,
    ...reply.Size,
    labels: reply.Config.Labels,
    ...reply.Parent,
  })),
)

export const containerListed = v.pipe(
  v.object({
    Id: v.string(),
    Names: v.fallback(list(v.string()), []),
    ImageID: id,
    State: v.fallback(v.picklist(containerStates), 'dead'),
    Created: v.fallback(listedDate, 0),
  }),
  v.transform((reply): Container => ({
    id: reply.Id,
    name: reply.Names[0]?.replace(/^\//, '') ?? reply.Id.slice(0, 12),
    image: reply.ImageID,
    state: reply.State,
    created: reply.Created,
  })),
)

export interface ContainerRows {
  /** Undefined if the engine refused the list. */
  readonly containers?: readonly Container[]
  /** The reason why the images that containers use are not known: the refusal, or the malformed part of a row. */
  readonly failure?: string
}

/**
 * The containers of `GET /containers/json`. A malformed row is logged, skipped and quoted in `failure`. Throws if the
 * reply is not a list.
 */
export function parseContainerRows(reply: unknown): ContainerRows {
  let failure: string | undefined
  const containers = v.parse(list(v.unknown()), reply).flatMap((row): Container[] => {
    const parsed = v.safeParse(containerListed, row)
    if (parsed.success) return [parsed.output]
    failure ??= malformedPart(parsed.issues)
    console.warn('Skipping a malformed listed container:', malformedPart(parsed.issues))
    return []
  })
  return { containers, ...(failure !== undefined && { failure }) }
}

/** `GET /containers/{id}/json`, limited to the fields that the list has too. */
export const containerInspected = v.pipe(
  v.object({
    Id: v.string(),
    Name: v.string(),
    Image: id,
    State: v.object({ Status: v.fallback(v.picklist(containerStates), 'dead') }),
    Created: seconds,
  }),
  v.transform((reply): Container => ({
    id: reply.Id,
    name: reply.Name.replace(/^\//, ''),
    image: reply.Image,
    state: reply.State.Status,
    created: reply.Created,
  })),
)

export const diskUse = v.object({ LayersSize: v.nullish(v.number(), 0) })

const size = v.nullish(v.number(), 0)
/** The sizes in one part of `/system/df`. The engine sends null for an empty list, and omits parts not requested. */
const sizes = <Item extends v.GenericSchema<unknown, number>>(item: Item) => v.optional(list(item))

export const diskAccount = v.object({
  LayersSize: size,
  Images: v.optional(list(v.unknown())),
  Containers: sizes(
    v.pipe(
      v.object({ SizeRw: size }),
      v.transform(({ SizeRw }) => SizeRw),
    ),
  ),
  Volumes: sizes(
    v.pipe(
      v.object({ UsageData: v.nullish(v.object({ Size: size }), {}) }),
      v.transform(({ UsageData }) => UsageData.Size),
    ),
  ),
  BuildCache: sizes(
    v.pipe(
      v.object({ Size: size }),
      v.transform(({ Size }) => Size),
    ),
  ),
})

export const engineEvent = v.object({
  Type: text,
  Action: text,
  Actor: v.object({ ID: text, Attributes: v.nullish(v.record(v.string(), v.string()), {}) }),
})
export type EngineEvent = v.InferOutput<typeof engineEvent>
