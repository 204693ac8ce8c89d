/** The engine's answers, as far as Slipway reads them. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'
import { containerStates, type Container, type Image } from '../../../model/image/image.ts'

/** An image with what stays on main: labels may be of ten thousand bytes each. */
export interface KnownImage extends Image {
  /** `name=value`, in lower case. */
  readonly labels: readonly string[]
}

/** Go writes an empty list or map as null. */
export const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.nullish(v.array(item), []), v.readonly())
export const keys = v.pipe(
  v.nullish(v.record(v.string(), v.unknown()), {}),
  v.transform((map) => Object.keys(map)),
)
export const text = v.nullish(v.string(), '')

/** Podman leaves the algorithm away. */
export const id = v.pipe(
  v.string(),
  v.transform((value) => (value.includes(':') ? value : `sha256:${value}`)),
)
/**
 * References or digests; 20.10 writes `<none>:<none>` where there is none, 28's containerd store a bare digest.
 */
const namesOf = (all: readonly string[]) => all.filter((name) => !/^(<none>|sha256:)/.test(name)).sort()
export const names = v.pipe(list(v.string()), v.transform(namesOf))
const parent = v.pipe(
  text,
  v.transform((value) => (value ? { parent: value.includes(':') ? value : `sha256:${value}` } : {})),
)

/** As they are searched. Go writes no null as a value, but engines that are not Docker's do. */
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
  v.transform((all) => namesOf(all.filter((name) => typeof name === 'string'))),
)
/** What can be read of a row that does not parse as a whole. */
const oddImageRow = v.object({
  Id: id,
  ParentId: v.fallback(parent, {}),
  RepoTags: readableNames,
  RepoDigests: readableNames,
  Created: v.fallback(listedDate, 0),
  Size: v.fallback(imageSize, { size: 0, sizeUnknown: true }),
  Labels: v.fallback(labels, []),
})

/**
 * The images of `GET /images/json`. A row that does not parse becomes an image with what can be read of it, marked as
 * unreadable; a row without an id is left out and logged.
 */
export function parseImageRows(reply: unknown): KnownImage[] {
  return v.parse(list(v.unknown()), reply).flatMap((row): KnownImage[] => {
    const sound = v.safeParse(imageListed, row)
    if (sound.success) return [sound.output]
    const odd = v.safeParse(oddImageRow, row)
    if (odd.success) return [{ ...fromImageRow(odd.output), unreadable: oddPart(sound.issues) }]
    console.warn('An image without an id was left out of the list:', oddPart(sound.issues))
    return []
  })
}

/** The first part of a reply that does not parse, as it stands there: `"RepoTags": 7`. */
function oddPart([issue]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const name = v.getDotPath(issue)
  const value = (JSON.stringify(issue.input) ?? 'undefined').slice(0, 200)
  return name ? `"${name}": ${value}` : value
}

const seconds = v.pipe(
  text,
  // No date, and Go's year 1, both mean that the builder wrote none.
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
  /** Why it is not known which images containers use: the refusal, or the part of a row that does not parse. */
  readonly failure?: string
}

/** The containers of `GET /containers/json`. A row that does not parse is left out, logged, and named in `failure`. */
export function parseContainerRows(reply: unknown): ContainerRows {
  let failure: string | undefined
  const containers = v.parse(list(v.unknown()), reply).flatMap((row): Container[] => {
    const sound = v.safeParse(containerListed, row)
    if (sound.success) return [sound.output]
    failure ??= oddPart(sound.issues)
    console.warn('A container was left out of the list:', oddPart(sound.issues))
    return []
  })
  return { containers, ...(failure !== undefined && { failure }) }
}

/** `GET /containers/{id}/json`, as far as the list tells the same. */
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

export const info = v.object({
  DockerRootDir: text,
  DriverStatus: list(v.array(v.string())),
  HttpsProxy: text,
  HttpProxy: text,
  RegistryConfig: v.nullish(v.object({ Mirrors: list(v.string()) })),
})

export const version = v.object({
  Version: v.string(),
  Os: text,
  Arch: text,
  Components: list(v.object({ Name: v.string() })),
})

export const diskUse = v.object({ LayersSize: v.nullish(v.number(), 0) })

const size = v.nullish(v.number(), 0)
/** The sizes of a part of the account; Go writes an empty list as null, and leaves out what was not asked for. */
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
