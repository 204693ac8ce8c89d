/** The services that take part in a removal, over a real engine, composed as in main. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { loadArchive, saveArchive } from '../../../main/archives/index.ts'
import { engineService } from '../../../main/engine/index.ts'
import type { HostEnvironment } from '../../../main/engine/connect/candidates.ts'
import { layersService } from '../../../main/layers/index.ts'
import { pullService } from '../../../main/pull/index.ts'
import { removalService } from '../../../main/removal/index.ts'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore } from '../../../main/store/index.ts'
import type { Choices, RemovalPlan, RemovalTarget } from '../../../model/removal/plan.ts'
import type { Failure, Job, StoredPlan, RegistryFailure, Result } from '../../../preload/contract/index.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'

interface Options {
  /** Default: `DOCKER_HOST` is the engine's socket, and there is no home folder. */
  readonly environment?: HostEnvironment
  readonly reconnectTimeoutMs?: number
}

export type RemovalApp = Awaited<ReturnType<typeof openRemovalApp>>

/** Starts the services. Resolves once the list of images is complete and their layers have been read. */
export async function openRemovalApp(
  worldEngine: Pick<Engine, 'socket' | 'docker'>,
  folder = mkdtempSync(join(tmpdir(), 'removal-app-')),
  { environment = environmentFor(worldEngine), ...options }: Options = {},
) {
  const stopping = new AbortController()
  const store = openStore(folder)
  const publish = () => {}
  const engine = engineService({
    ...{ environment, ...options },
    publish: (name) => {
      if (name !== 'settings.changed') layers.scheduleUpdate()
    },
    lists: store.lists,
  })
  const layers = layersService({ engine, store: store.layers, publish })
  const jobs = jobService({ publish, store })
  const registry = { check: async (): Promise<Result<unknown, RegistryFailure>> => ({ ok: true, value: undefined }) }
  const pull = pullService({
    engine,
    jobs,
    credentialsFor: async () => undefined,
    checkReference: () => registry.check(),
  })
  let chosenFolder: string | undefined
  const removal = removalService({
    ...{ engine, layers, jobs, ledger: store.ledger },
    defaultFolder: join(folder, 'Slipway'),
    chooseFolder: async () => chosenFolder,
    showFolder: async () => {},
    archives: { save: saveArchive, load: loadArchive },
    pullAgain: pull.pullWithinJob,
  })
  const { handlers } = removal
  engine.on('state', removal.engineChanged)
  const running = engine.run(stopping.signal)
  await eventually(() => engine.live.snapshot().complete)
  await layers.whenUpToDate()

  async function waitForJob(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 40_000)
    return jobs.find(id)!
  }
  const plan = async (rows: readonly RemovalTarget[], choices: Choices = {}): Promise<StoredPlan> =>
    valueOf(
      await handlers['removal.plan']({
        rows: rows.map(({ image, reference }) => ({ image, ...(reference !== undefined && { reference }) })),
        choices,
      }),
    )
  const apply = (storedPlan: StoredPlan, copies: readonly string[] = []) =>
    Promise.resolve(handlers['removal.apply']({ planId: storedPlan.id, copies: [...copies] }))
  return {
    folder,
    registry,
    /** Resolves once interrupted removals have been compared with the engine. */
    whenReconciled: removal.whenReconciled,
    engine,
    layers,
    jobs,
    pull,
    ledger: store.ledger,
    plan,
    /** Starts the removal. Does not wait for its job to end. */
    apply,
    /** Applies the plan, waits until its job has ended and returns the job. */
    async executePlan(storedPlan: StoredPlan, copies: readonly string[] = []) {
      return waitForJob(valueOf(await apply(storedPlan, copies)))
    },
    waitForJob,
    /** Starts to undo a removal and returns the job's id. Does not wait for the job to end. */
    async startUndo(id: string) {
      return valueOf(await handlers['removal.undo'](id))
    },
    async undo(id: string) {
      return waitForJob(valueOf(await handlers['removal.undo'](id)))
    },
    /** Tries to start an undo. @returns the failure, or undefined if the undo was started */
    async undoFailure(id: string): Promise<Failure | undefined> {
      const result = await handlers['removal.undo'](id)
      return result.ok ? undefined : result.error
    },
    strays: async () => valueOf(await handlers['removal.strays'](undefined)),
    deleteStrays: async (files: string[]) => valueOf(await handlers['removal.deleteStrays'](files)),
    async chooseCopyFolder(copyFolder: string) {
      chosenFolder = copyFolder
      return valueOf(await handlers['removal.chooseFolder'](undefined))
    },
    /** One row for each tag, and one for each untagged image. */
    rows: (): RemovalTarget[] =>
      engine.live
        .snapshot()
        .images.flatMap(({ id, references }): RemovalTarget[] =>
          references.length > 0 ? references.map((reference) => ({ image: id, reference })) : [{ image: id }],
        ),
    /** Waits until the app's list of images matches the engine's, and all layers have been read. */
    async catchUp() {
      await eventually(async () => {
        const knownImages = engine.live.images()
        const { ids, names } = await listImages(worldEngine)
        return (
          ids.size === knownImages.size &&
          [...knownImages.values()].every(({ id }) => ids.has(id)) &&
          names.size === [...knownImages.values()].flatMap(({ references }) => references).length
        )
      }, 20_000)
      await layers.whenUpToDate()
    },
    /** Digests of the compressed blobs that the images reference. */
    referencedBlobs: () =>
      new Set(
        [...engine.live.images().keys()]
          .flatMap((id) => layers.read(id)?.content?.blobs ?? [])
          .map(({ digest }) => digest),
      ),
    /** The image that has this reference in the app's list. */
    findImage: (reference: string) =>
      [...engine.live.images().values()].find(({ references }) => references.includes(reference))!,
    async stop() {
      stopping.abort()
      await running
      await store.end()
    },
  }
}

const environmentFor = ({ socket }: Pick<Engine, 'socket'>): HostEnvironment => ({
  env: { DOCKER_HOST: `unix://${socket}` },
  home: '/nonexistent',
})

/** @throws if the result is a failure */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

/**
 * Bytes that images use on the disk: the layers as `docker system df` counts them and, in 26.1's containerd store, the
 * files of the compressed blobs. With `countedBlobs`, only these blobs are counted: on 26.1, `docker commit` leaves an
 * archive of the new layer in the content store until the image is removed, though no image references that archive.
 */
export async function measureDiskUsage(
  { docker, store, root, version }: Engine,
  countedBlobs?: ReadonlySet<string>,
): Promise<number> {
  let usage: { LayersSize: number } | undefined
  // 20.10 refuses this request while the app's own request for the disk usage is running.
  await eventually(async () => (usage = await docker.df().catch(() => undefined)) !== undefined)
  const { LayersSize } = usage!
  if (store === 'classic' || !version.startsWith('26')) return LayersSize
  const findArgs = ['-path', '*content*/blobs/*', '-type', 'f', '-printf', 'sha256:%f %s\n']
  const blobs = execFileSync('find', [`${root}/data/containerd`, ...findArgs], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return blobs
    .map((blob) => blob.split(' ') as [digest: string, size: string])
    .filter(([digest]) => !countedBlobs || countedBlobs.has(digest))
    .reduce((sum, [, size]) => sum + Number(size ?? 0), LayersSize)
}

/** The ids and names of all images on the engine, build steps included. */
export async function listImages({
  docker,
}: Pick<Engine, 'docker'>): Promise<{ ids: Set<string>; names: Set<string> }> {
  const images = await docker.listImages({ all: true })
  return {
    ids: new Set(images.map(({ Id }) => Id)),
    names: new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => !name.startsWith('<none>'))),
  }
}

/** Which of the listed ids and names remain after the plan is executed. */
export function predictRemaining(before: Awaited<ReturnType<typeof listImages>>, { deletes, untags }: RemovalPlan) {
  const [ids, names] = [new Set(before.ids), new Set(before.names)]
  for (const { image, parents, references } of deletes) {
    for (const id of [image, ...parents]) ids.delete(id)
    for (const name of references) names.delete(name)
  }
  for (const { reference } of untags) names.delete(reference)
  return { ids, names }
}
