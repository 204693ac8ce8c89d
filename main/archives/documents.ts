/**
 * Parses the JSON files in image archives, as far as needed to check that an archive is complete.
 * @see OCI image-spec: image-index.md, manifest.md, config.md; moby image/tarexport/tarexport.go for manifest.json
 */
import * as v from 'valibot'
import type { ImageDocument, IndexItem, ManifestItem } from '../../model/archives/archive.ts'
import { platformName } from '../../model/image/platform.ts'
import { list, text } from '../engine/index.ts'

const platform = v.object({ os: v.string(), architecture: v.string(), variant: v.nullish(v.string()) })
const descriptor = v.pipe(
  v.object({ digest: v.string(), size: v.number(), platform: v.nullish(platform) }),
  v.transform(({ digest, size, platform }) => ({
    digest,
    size,
    ...(platform && { platform: platformName(platform) }),
  })),
)

const nameOf = (annotations: Readonly<Record<string, string>>) =>
  annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']

const indexItem = v.pipe(
  v.object({ digest: v.string(), size: v.number(), annotations: v.nullish(v.record(v.string(), v.string()), {}) }),
  v.transform(({ digest, size, annotations }): IndexItem => {
    const name = nameOf(annotations)
    return { digest, size, ...(name !== undefined && { name }) }
  }),
)
const indexFile = v.object({ manifests: list(indexItem) })

const manifestFile = v.array(
  v.pipe(
    v.object({ Config: v.string(), RepoTags: list(v.string()), Layers: list(v.string()) }),
    v.transform(({ Config, RepoTags, Layers }): ManifestItem => ({ config: Config, layers: Layers, names: RepoTags })),
  ),
)

const document = v.union([
  v.pipe(
    v.object({ manifests: v.array(descriptor) }),
    v.transform(({ manifests }): ImageDocument => ({ kind: 'index', manifests })),
  ),
  v.pipe(
    v.object({ config: descriptor, layers: list(descriptor) }),
    v.transform(({ config, layers }): ImageDocument => ({ kind: 'manifest', config, layers })),
  ),
  v.pipe(
    v.object({
      ...{ os: text, architecture: text, variant: v.nullish(v.string()) },
      rootfs: v.object({ diff_ids: list(v.string()) }),
    }),
    v.transform(({ rootfs, ...parts }): ImageDocument => ({
      kind: 'config',
      platform: platformName(parts),
      diffIds: rootfs.diff_ids,
    })),
  ),
])

/** @returns undefined if the text is not an `index.json` */
export const parseIndex = (text: string): readonly IndexItem[] | undefined => parseJson(indexFile, text)?.manifests

/** @returns undefined if the text is not a `manifest.json` */
export const parseManifest = (text: string): readonly ManifestItem[] | undefined => parseJson(manifestFile, text)

/** @returns undefined if the text is not an index, a manifest or a config */
export const parseDocument = (text: string): ImageDocument | undefined => parseJson(document, text)

function parseJson<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
