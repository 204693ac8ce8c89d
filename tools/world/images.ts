/** Images made from a list, as an archive that `docker load` takes. No network, no build. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type Docker from 'dockerode'
import { layerKey, layerTarSize, layerTar, makesLayer, type Step } from './layers.ts'
import { tarEnd, tarFile, tarHeader, tarPadding } from './tar.ts'

/** The part of an image's config that says how it runs, in Docker's own shape. */
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
  /** Without any the image is dangling. */
  readonly references: readonly string[]
  /** Its layers, history and config are inherited, as by FROM. It need not be loaded itself. */
  readonly base?: ImageSpec
  readonly steps: readonly Step[]
  readonly created: Date
  readonly config?: RunConfig
  readonly author?: string
  readonly os?: string
  readonly architecture?: string
  readonly variant?: string
  /** What the history says, if it is not to be the truth. */
  readonly history?: readonly HistoryEntry[]
}

/** The images as an archive. Each layer is in it once. */
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
      for (const piece of layerTar(step)) {
        digest.update(piece)
        yield piece
      }
      yield tarPadding(size)
      layers.set(key, { file, diffId: `sha256:${digest.digest('hex')}` })
    }
    const own = steps.map((step) => layers.get(layerKey(step))).filter((layer) => layer !== undefined)
    const config = JSON.stringify(
      imageConfig(
        image,
        own.map((layer) => layer.diffId),
      ),
    )
    const name = `${createHash('sha256').update(config).digest('hex')}.json`
    yield tarFile(name, config)
    const tags = image.references.length > 0 ? image.references : null
    manifest.push({ Config: name, RepoTags: tags, Layers: own.map((layer) => layer.file) })
  }
  yield tarFile('manifest.json', JSON.stringify(manifest))
  yield tarEnd()
}

/** Loads the images into an engine. */
export async function loadImages(docker: Docker, images: Iterable<ImageSpec>): Promise<void> {
  const answer = Readable.from(await docker.loadImage(Readable.from(imageArchive(images)), { quiet: true }))
  let said = ''
  answer.on('data', (chunk: unknown) => (said += String(chunk)))
  await finished(answer)
  const error = said.split('\n').find((line) => line.includes('"error"'))
  if (error) throw new Error(`docker load: ${error}`)
}

/** Its steps, with those of what it is built on. */
export const allSteps = (image: ImageSpec): Step[] => [...(image.base ? allSteps(image.base) : []), ...image.steps]

/** Its config, as registries and archives hold it. */
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
    // BuildKit writes bare instructions, the older builder wraps all in a shell.
    ...(step.instruction.startsWith('/bin/sh') ? {} : { comment: 'buildkit.dockerfile.v0' }),
    ...(makesLayer(step) ? {} : { empty_layer: true }),
  })),
]
