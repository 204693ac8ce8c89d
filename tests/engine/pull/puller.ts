/** The pull service over a real engine, as main builds it; and images made for a real registry. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore } from '../../../main/store/index.ts'
import {
  diskSpace,
  pullService,
  type AuthConfig,
  type CredentialsFor,
  type DiskSpaceNeeds,
} from '../../../main/pull/index.ts'
import type { Job, Payload, PulledLayer } from '../../../preload/contract/index.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { watchEngine } from '../engine-window.ts'
import { eventually } from '../eventually.ts'

export type PullerWorld = Awaited<ReturnType<typeof openPuller>>

/** `credentialsFor` takes the place of the login that a test puts into `logins`. */
export async function openPuller(engine: Engine, credentialsFor?: CredentialsFor, room?: DiskSpaceNeeds) {
  const folder = mkdtempSync(join(tmpdir(), 'puller-'))
  const store = openStore(folder)
  const told: Job[] = []
  const served = watchEngine(engine.socket)
  const jobs = jobService({
    store,
    publish: (name, payload) => {
      if (name === 'jobs.changed') told.push(payload as Payload<'jobs.changed'>)
    },
  })
  /** Whose login was asked for, and which one is stored. */
  const logins = { asked: [] as string[], stored: undefined as AuthConfig | undefined }
  const pull = pullService({
    ...{ engine: served.engine, jobs, ledger: store.ledger, ...(room && { diskSpace: diskSpace(room) }) },
    credentialsFor: async (reference) => {
      logins.asked.push(reference)
      return credentialsFor ? await credentialsFor(reference) : logins.stored
    },
  })
  await eventually(() => served.window.complete)

  async function ask(reference: string, platform?: string) {
    // The containerd store refuses to list for a moment after a removal, and then is looked for again.
    await eventually(() => served.engine.state().status === 'connected')
    return await pull.handlers['pull.start']({ reference, ...(platform !== undefined && { platform }) })
  }
  async function start(reference: string, platform?: string): Promise<string> {
    const answer = await ask(reference, platform)
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return answer.value
  }
  const job = (id: string): Job => jobs.find(id)!
  async function end(id: string, patience = 45_000): Promise<Job> {
    await eventually(() => job(id).state !== 'running', patience)
    return job(id)
  }
  return {
    ...{ ask, start, job, end, logins, told },
    ...{ handlers: pull.handlers, busy: () => jobs.all().filter(({ state }) => state === 'running').length },
    pullAgain: (reference: string) => {
      const session = served.engine.session()
      if (!session.ok) throw new Error(session.error.code)
      return pull.pullAgain(session.value, reference, new AbortController().signal)
    },
    ledger: store.ledger,
    pull: async (reference: string, platform?: string) => end(await start(reference, platform)),
    async pullAnyway(reference: string) {
      const answer = await pull.handlers['pull.start']({ reference, anyway: true })
      if (!answer.ok) throw new Error(JSON.stringify(answer.error))
      return end(answer.value)
    },
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await store.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An image whose layers cannot be compressed. */
export const noisy = (reference: string, layers: readonly number[], architecture = 'amd64'): ImageSpec => ({
  references: [reference],
  created: new Date(1_700_000_000_000),
  architecture,
  config: { Cmd: ['/none'] },
  steps: layers.map((bytes, at) => ({ instruction: `COPY ${reference} ${at} /`, bytes, noise: true })),
})

/** Brings images into a registry by way of an engine, which does not keep them. */
export async function publishImages(docker: Docker, images: readonly ImageSpec[]): Promise<void> {
  await loadImages(docker, images)
  for (const reference of images.flatMap(({ references }) => references)) {
    const image = docker.getImage(reference)
    const answer = await image.push({ authconfig: { username: 'x', password: 'y', serveraddress: '' } })
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(answer, (error: Error | null, lines: { error?: string }[]) => {
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
