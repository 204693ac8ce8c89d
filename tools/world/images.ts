/** Generates images from specifications, as an archive for `docker load`, without a network or a build. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type Docker from 'dockerode'
import { layerKey, layerTarSize, layerTar, makesLayer, type Step } from './layers.ts'
import { tarEnd, tarFile, tarHeader, tarPadding } from './tar.ts'

/** The part of an image's config with the defaults of its containers. The keys are those of the OCI image-spec. */
export interface RunConfig {
  readonly User?: string
  readonly WorkingDir?: string
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Env?: readonly string[]
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Volumes?: Readonly<Record<string, object>>
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
}

export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly comment?: string
  readonly empty_layer?: boolean
}

export interface ImageSpec {
  /** An image without references is dangling. */
  readonly references: readonly string[]
  /** The image whose layers, history and config are inherited, as with FROM. It does not have to be loaded. */
  readonly base?: ImageSpec
  readonly steps: readonly Step[]
  readonly created: Date
  readonly config?: RunConfig
  readonly author?: string
  readonly os?: string
  readonly architecture?: string
  readonly variant?: string
  /** By default, the history is derived from the steps. */
  readonly history?: readonly HistoryEntry[]
}

/** An archive with the images, in chunks. Each layer is included once. */
export function* imageArchive(images: Iterable<ImageSpec>): Generator<Buffer> {
  const layers = new Map<string, { file: string; diffId: string }>()
  const manifest: { Config: string; RepoTags: readonly string[] | null; Layers: string[] }[] = []
  for (const image of images) {
    const steps = allSteps(image).filter(makesLayer)
    for (const step of steps) {
      const key = layerKey(step)
      if (layers.has(key)) continue
      const file = `${key}/layer.tar`
      const size = layerTarSize(step)
      const digest = createHash('sha256')
      yield tarHeader({ name: file, size })
      for (const chunk of layerTar(step)) {
        digest.update(chunk)
        yield chunk
      }
      yield tarPadding(size)
      layers.set(key, { file, diffId: `sha256:${digest.digest('hex')}` })
    }
    const imageLayers = steps.map((step) => layers.get(layerKey(step))).filter((layer) => layer !== undefined)
    const config = JSON.stringify(
      imageConfig(
        image,
        imageLayers.map((layer) => layer.diffId),
      ),
    )
    const configFile = `${createHash('sha256').update(config).digest('hex')}.json`
    yield tarFile(configFile, config)
    const tags = image.references.length > 0 ? image.references : null
    manifest.push({ Config: configFile, RepoTags: tags, Layers: imageLayers.map((layer) => layer.file) })
  }
  yield tarFile('manifest.json', JSON.stringify(manifest))
  yield tarEnd()
}

/** Loads images into an engine. Fails with the engine's error message. */
export async function loadImages(docker: Docker, images: Iterable<ImageSpec>): Promise<void> {
  const response = Readable.from(await docker.loadImage(Readable.from(imageArchive(images)), { quiet: true }))
  let output = ''
  response.on('data', (chunk: unknown) => (output += String(chunk)))
  await finished(response)
  const error = output.split('\n').find((line) => line.includes('"error"'))
  if (error) throw new Error(`docker load: ${error}`)
}

/** The steps of the image's bases and its own, in order. */
export const allSteps = (image: ImageSpec): Step[] => [...(image.base ? allSteps(image.base) : []), ...image.steps]

/** The image's config JSON, as stored in registries and archives. */
export function imageConfig(image: ImageSpec, diffIds: readonly string[]) {
  return {
    architecture: image.architecture ?? 'amd64',
    variant: image.variant,
    os: image.os ?? 'linux',
    author: image.author,
    created: image.created.toISOString(),
    config: inheritRunConfig(image),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: image.history ?? buildHistory(image),
  }
}

function inheritRunConfig({ base, config = {} }: ImageSpec): RunConfig {
  const inherited = base ? inheritRunConfig(base) : {}
  const env = new Map([...(inherited.Env ?? []), ...(config.Env ?? [])].map((line) => [line.split('=', 1)[0], line]))
  return { ...inherited, ...config, Env: [...env.values()], Labels: { ...inherited.Labels, ...config.Labels } }
}

const buildHistory = (image: ImageSpec): HistoryEntry[] => [
  ...(image.base ? (image.base.history ?? buildHistory(image.base)) : []),
  ...image.steps.map((step) => ({
    created: image.created.toISOString(),
    created_by: step.instruction,
    // Only BuildKit adds this comment. The legacy builder's instructions start with a shell.
    ...(step.instruction.startsWith('/bin/sh') ? {} : { comment: 'buildkit.dockerfile.v0' }),
    ...(makesLayer(step) ? {} : { empty_layer: true }),
  })),
]
