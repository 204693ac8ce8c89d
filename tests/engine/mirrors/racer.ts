/** The service that races mirrors, composed as in main, over a stub of Docker Hub and mirrors in the world. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobService } from '../../../main/jobs/index.ts'
import { mirrorService } from '../../../main/mirrors/index.ts'
import { httpClient } from '../../../main/registry/index.ts'
import { openStore } from '../../../main/store/index.ts'
import type { MirrorProbe, Mirrors, Payload } from '../../../preload/contract/index.ts'
import { eventually } from '../eventually.ts'

export type Racer = ReturnType<typeof openRacer>

export interface RacerOptions {
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** The mirrors that the engine uses, as the engine reports them. */
  readonly inForce?: readonly string[]
  /** The text of the file that the user chooses for an import. */
  readonly importText?: string
  /** Makes every write to the store fail: the parent of the app's folder is a file. */
  readonly unwritable?: boolean
}

export function openRacer({ env, timeoutMs = 5000, inForce = [], importText, unwritable = false }: RacerOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'racer-'))
  const http = httpClient({ version: '0', env })
  const published: Mirrors[] = []
  let listener: (address: string, probe: MirrorProbe) => void = () => {}
  const saved: string[] = []
  const publish = (name: string, payload: unknown) => {
    if (name !== 'mirrors.changed') return
    const mirrors = payload as Payload<'mirrors.changed'>
    published.push(mirrors)
    for (const [address, probe] of Object.entries(mirrors.race?.probes ?? {})) listener(address, probe)
  }
  let mirrorsInForce = inForce
  const start = () => {
    const store = openStore(unwritable ? join(import.meta.filename, 'slipway') : folder)
    const jobs = jobService({ store, publish })
    const service = mirrorService({
      ...{ http, jobs, publish, timeoutMs },
      store: store.mirrors,
      platform: () => 'linux/amd64',
      inForce: () => mirrorsInForce,
      isLocal: () => true,
      chooseAndReadText: async () => ({ ok: true, value: importText }),
      chooseAndWriteText: async (_, text) => ({ ok: true, value: saved.push(text) > 0 }),
    })
    return { jobs, service, store }
  }
  let { jobs, service, store } = start()

  const read = async (): Promise<Mirrors> => {
    const result = await service.handlers['mirrors.get'](undefined)
    if (!result.ok) throw new Error(result.error.code)
    return result.value
  }
  async function startRace(image: string): Promise<string> {
    const result = await service.handlers['mirrors.race'](image)
    if (!result.ok) throw new Error(result.error.code)
    return result.value
  }
  return {
    published,
    /** Changes the mirrors that the engine uses. */
    setInForce: (mirrors: readonly string[]) => void (mirrorsInForce = mirrors),
    /** Sets the listener that is called with every probe whenever the mirrors are published. */
    onProbe: (next: typeof listener) => void (listener = next),
    /** The texts that the user has saved by an export. */
    saved,
    read,
    /** @returns the id of the job, without waiting for its end */
    startRace,
    get service() {
      return service
    },
    get handlers() {
      return service.handlers
    },
    get sourcesFor() {
      return service.sourcesFor
    },
    job: (id: string) => jobs.find(id),
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async add(...addresses: readonly string[]) {
      for (const address of addresses) {
        const added = await service.handlers['mirrors.add'](address)
        if (!added.ok) throw new Error(added.error.code)
      }
    },
    /** Runs a race to its end. @returns the results */
    async race(image: string) {
      const id = await startRace(image)
      await eventually(() => jobs.find(id)?.state !== 'running', 55_000)
      return (await read()).race!
    },
    /** Restarts the services, as the next start of the app does. */
    async restart() {
      await store.end()
      ;({ jobs, service, store } = start())
    },
    async stop() {
      await http.close()
      await store.end()
      rmSync(folder, { recursive: true })
    },
  }
}

export const failureIn = (probe: MirrorProbe | undefined) => (probe?.state === 'failed' ? probe.failure : undefined)
