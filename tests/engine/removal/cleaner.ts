/** The services that a removal needs, over a real engine, as main builds them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { loadArchive, saveArchive } from '../../../main/archives/index.ts'
import { engineService } from '../../../main/engine/index.ts'
import type { HostEnvironment } from '../../../main/engine/connect/contexts.ts'
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
  /** By default the engine's socket alone leads to it. */
  readonly environment?: HostEnvironment
  readonly reconnectTimeoutMs?: number
}

export type Cleaner = Awaited<ReturnType<typeof openCleaner>>

export async function openCleaner(
  world: Pick<Engine, 'socket' | 'docker'>,
  folder = mkdtempSync(join(tmpdir(), 'cleaner-')),
  { environment = homeless(world), ...options }: Options = {},
) {
  const ended = new AbortController()
  const store = openStore(folder)
  const publish = () => {}
  const engine = engineService({
    ...{ environment, ...options },
    publish: (name) => {
      if (name !== 'settings.changed') layers.changed()
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
  const place = { chosen: undefined as string | undefined }
  const removal = removalService({
    ...{ engine, layers, jobs, ledger: store.ledger },
    defaultFolder: join(folder, 'Slipway'),
    chooseFolder: async () => place.chosen,
    showFolder: async () => {},
    archives: { save: saveArchive, load: loadArchive },
    pullAgain: pull.pullWithinJob,
  })
  const { handlers } = removal
  engine.on('state', removal.engineChanged)
  const running = engine.run(ended.signal)
  await eventually(() => engine.live.snapshot().complete)
  await layers.settled()

  async function ended_(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 40_000)
    return jobs.find(id)!
  }
  const plan = async (rows: readonly RemovalTarget[], choices: Choices = {}): Promise<StoredPlan> =>
    value(
      await handlers['removal.plan']({
        rows: rows.map(({ image, reference }) => ({ image, ...(reference !== undefined && { reference }) })),
        choices,
      }),
    )
  const apply = (kept: StoredPlan, copies: readonly string[] = []) =>
    Promise.resolve(handlers['removal.apply']({ planId: kept.id, copies: [...copies] }))
  return {
    folder,
    registry,
    settled: removal.settled,
    engine,
    layers,
    jobs,
    pull,
    ledger: store.ledger,
    plan,
    /** Starts a plan and answers at once. */
    apply,
    async carryOut(kept: StoredPlan, copies: readonly string[] = []) {
      return ended_(value(await apply(kept, copies)))
    },
    end: ended_,
    /** Starts to undo a removal and answers with the job at once. */
    async startUndo(id: string) {
      return value(await handlers['removal.undo'](id))
    },
    async undo(id: string) {
      return ended_(value(await handlers['removal.undo'](id)))
    },
    async refusedUndo(id: string): Promise<Failure | undefined> {
      const answer = await handlers['removal.undo'](id)
      return answer.ok ? undefined : answer.error
    },
    strays: async () => value(await handlers['removal.strays'](undefined)),
    deleteStrays: async (files: string[]) => value(await handlers['removal.deleteStrays'](files)),
    async saveIn(chosen: string) {
      place.chosen = chosen
      return value(await handlers['removal.chooseFolder'](undefined))
    },
    /** Each tag, and each image that has none. */
    rows: (): RemovalTarget[] =>
      engine.live
        .snapshot()
        .images.flatMap(({ id, references }): RemovalTarget[] =>
          references.length > 0 ? references.map((reference) => ({ image: id, reference })) : [{ image: id }],
        ),
    /** Until the app knows what the engine has: its events take a moment. */
    async catchUp() {
      await eventually(async () => {
        const known = engine.live.images()
        const { ids, names } = await present(world)
        return (
          ids.size === known.size &&
          [...known.values()].every(({ id }) => ids.has(id)) &&
          names.size === [...known.values()].flatMap(({ references }) => references).length
        )
      }, 20_000)
      await layers.settled()
    },
    /** The compressed content that images name. */
    content: () =>
      new Set(
        [...engine.live.images().keys()]
          .flatMap((id) => layers.read(id)?.content?.blobs ?? [])
          .map(({ digest }) => digest),
      ),
    /** The image that carries a name, as far as the app knows. */
    named: (reference: string) =>
      [...engine.live.images().values()].find(({ references }) => references.includes(reference))!,
    async stop() {
      ended.abort()
      await running
      await store.end()
    },
  }
}

const homeless = ({ socket }: Pick<Engine, 'socket'>): HostEnvironment => ({
  env: { DOCKER_HOST: `unix://${socket}` },
  home: '/nonexistent',
})

export function value<T>(answer: Result<T>): T {
  if (!answer.ok) throw new Error(JSON.stringify(answer.error))
  return answer.value
}

/**
 * What images take on the disk: layers by the engine's account, and compressed content by its files. With `named`, of
 * the content only that: a commit on 26.1 leaves the archive of its layer there, which no image names, until the
 * image goes.
 */
export async function taken({ docker, store, root, version }: Engine, named?: ReadonlySet<string>): Promise<number> {
  let measured: { LayersSize: number } | undefined
  // 20.10 refuses while the app asks for the same.
  await eventually(async () => (measured = await docker.df().catch(() => undefined)) !== undefined)
  const { LayersSize } = measured!
  if (store === 'classic' || !version.startsWith('26')) return LayersSize
  const find = ['-path', '*content*/blobs/*', '-type', 'f', '-printf', 'sha256:%f %s\n']
  const blobs = execFileSync('find', [`${root}/data/containerd`, ...find], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return blobs
    .map((blob) => blob.split(' ') as [digest: string, size: string])
    .filter(([digest]) => !named || named.has(digest))
    .reduce((sum, [, size]) => sum + Number(size ?? 0), LayersSize)
}

/** What the engine has, as ids and names. */
export async function present({ docker }: Pick<Engine, 'docker'>): Promise<{ ids: Set<string>; names: Set<string> }> {
  const images = await docker.listImages({ all: true })
  return {
    ids: new Set(images.map(({ Id }) => Id)),
    names: new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => !name.startsWith('<none>'))),
  }
}

/** What should be left after a plan. */
export function foreseen(before: Awaited<ReturnType<typeof present>>, { deletes, untags }: RemovalPlan) {
  const [ids, names] = [new Set(before.ids), new Set(before.names)]
  for (const { image, parents, references } of deletes) {
    for (const id of [image, ...parents]) ids.delete(id)
    for (const name of references) names.delete(name)
  }
  for (const { reference } of untags) names.delete(reference)
  return { ids, names }
}
