/** The pull service over a real engine, composed as in main, and images for a real registry. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { diskSpace, pullService, type CredentialsFor, type DiskSpaceNeeds } from '../../../main/pull/index.ts'
import type { Job, Payload, PulledLayer } from '../../../preload/contract/index.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { watchEngine } from '../engine-window.ts'
import { eventually } from '../eventually.ts'

export type Puller = Awaited<ReturnType<typeof openPuller>>

type PullDependencies = Parameters<typeof pullService>[0]

/**
 * Starts the pull service over an engine.
 * @param credentialsFor by default, there are no logins
 */
const reconnectTimeoutMs = 2_000

export async function openPuller(
  engine: Pick<Engine, 'socket'>,
  credentialsFor?: CredentialsFor,
  diskSpaceNeeds?: DiskSpaceNeeds,
  explainFailure?: PullDependencies['explainFailure'],
  checkReference?: PullDependencies['checkReference'],
) {
  const folder = mkdtempSync(join(tmpdir(), 'puller-'))
  const store = openStore(folder)
  const published: Job[] = []
  const served = watchEngine(engine.socket, undefined, reconnectTimeoutMs)
  const jobs = jobService({
    store,
    publish: (name, payload) => {
      if (name === 'jobs.changed') published.push(payload as Payload<'jobs.changed'>)
    },
  })
  /** `requested`: the references for which the service looked up a login. */
  const logins = { requested: [] as string[] }
  const pull = pullService({
    ...{
      engine: served.engine,
      jobs,
      ledger: store.ledger,
      ...(explainFailure && { explainFailure }),
      ...(checkReference && { checkReference }),
      ...(diskSpaceNeeds && { diskSpace: diskSpace(diskSpaceNeeds) }),
    },
    credentialsFor: async (reference) => {
      logins.requested.push(reference)
      return await credentialsFor?.(reference)
    },
  })
  await eventually(() => served.window.complete)

  async function requestPull(reference: string, platform?: string) {
    // After a removal, the containerd store refuses to list images for a moment, and Slipway reconnects.
    await eventually(() => served.engine.state().status === 'connected')
    return await pull.handlers['pull.start']({ reference, ...(platform !== undefined && { platform }) })
  }
  async function start(reference: string, platform?: string): Promise<string> {
    const result = await requestPull(reference, platform)
    if (!result.ok) throw new Error(JSON.stringify(result.error))
    return result.value
  }
  const job = (id: string): Job => jobs.find(id)!
  async function waitForEnd(id: string, timeoutMs = 45_000): Promise<Job> {
    await eventually(() => job(id).state !== 'running', timeoutMs)
    return job(id)
  }
  return {
    ...{ requestPull, start, job, waitForEnd, logins, published },
    ...{ handlers: pull.handlers, countRunning: () => jobs.all().filter(({ state }) => state === 'running').length },
    /** Pulls an image as an undo does. @returns the failure, or undefined */
    pullAgain: (reference: string) => {
      const session = served.engine.session()
      if (!session.ok) throw new Error(session.error.code)
      return pull.pullWithinJob(session.value, reference, new AbortController().signal)
    },
    ledger: store.ledger,
    /** Pulls an image and waits for the end of the job. */
    pull: async (reference: string, platform?: string) => waitForEnd(await start(reference, platform)),
    /** Pulls an image without checking whether it fits on the disk. */
    async pullAnyway(reference: string) {
      const result = await pull.handlers['pull.start']({ reference, skipSpaceCheck: true })
      if (!result.ok) throw new Error(JSON.stringify(result.error))
      return waitForEnd(result.value)
    },
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await store.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An image with a layer for each size in bytes. The layers are random data, so they cannot be compressed. */
export const randomImage = (reference: string, layerSizes: readonly number[], architecture = 'amd64'): ImageSpec => ({
  references: [reference],
  created: new Date(1_700_000_000_000),
  architecture,
  config: { Cmd: ['/none'] },
  steps: layerSizes.map((bytes, index) => ({ instruction: `COPY ${reference} ${index} /`, bytes, noise: true })),
})

/** Pushes images to a registry through an engine, and removes them from the engine. */
export async function publishImages(docker: Docker, images: readonly ImageSpec[]): Promise<void> {
  await loadImages(docker, images)
  for (const reference of images.flatMap(({ references }) => references)) {
    const image = docker.getImage(reference)
    const progress = await image.push({ authconfig: { username: 'x', password: 'y', serveraddress: '' } })
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error: Error | null, lines: { error?: string }[]) => {
        const failure = error?.message ?? lines.find((line) => line.error !== undefined)?.error
        if (failure === undefined) resolve()
        else reject(new Error(failure))
      })
    })
    await image.remove()
  }
}

export const layersOf = ({ subject }: Job): readonly PulledLayer[] => (subject.kind === 'pull' ? subject.layers : [])
export const failureOf = ({ failure, items }: Job) => failure ?? items[0]?.failure
