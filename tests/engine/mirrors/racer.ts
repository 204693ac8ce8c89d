/** The mirrors' service over a real Docker Hub stub and real mirrors, as main builds it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { jobService } from '../../../main/jobs/index.ts'
import { mirrorService } from '../../../main/mirrors/index.ts'
import { httpClient } from '../../../main/registry/index.ts'
import { openStore } from '../../../main/store/index.ts'
import type { MirrorProbe, Mirrors, Payload } from '../../../preload/contract/index.ts'
import { eventually } from '../eventually.ts'

export type Racer = ReturnType<typeof openRacer>

export interface RacerWish {
  readonly env: Readonly<Record<string, string>>
  readonly caFile: string
  readonly timeoutMs?: number
  /** What the engine has, as it names them. */
  readonly inForce?: readonly string[]
  /** What the file holds that the user chooses. */
  readonly file?: string
  /** Nothing can be written down: the app's folder would be in a file. */
  readonly unwritable?: boolean
}

export function openRacer({ env, caFile, timeoutMs = 5000, inForce = [], file, unwritable = false }: RacerWish) {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, readFileSync(caFile, 'utf8')])
  const folder = mkdtempSync(join(tmpdir(), 'racer-'))
  const http = httpClient({ version: '0', env })
  const told: Mirrors[] = []
  let listener: (address: string, probe: MirrorProbe) => void = () => {}
  const saved: string[] = []
  const publish = (name: string, payload: unknown) => {
    if (name !== 'mirrors.changed') return
    const mirrors = payload as Payload<'mirrors.changed'>
    told.push(mirrors)
    for (const [address, probe] of Object.entries(mirrors.race?.probes ?? {})) listener(address, probe)
  }
  const start = () => {
    const store = openStore(unwritable ? join(caFile, 'slipway') : folder)
    const jobs = jobService({ store, publish })
    const service = mirrorService({
      ...{ http, jobs, publish, timeoutMs },
      store: store.mirrors,
      platform: () => 'linux/amd64',
      inForce: () => inForce,
      openText: async () => ({ ok: true, value: file }),
      saveText: async (_, text) => ({ ok: true, value: saved.push(text) > 0 }),
    })
    return { jobs, service, store }
  }
  let { jobs, service, store } = start()

  const now = async (): Promise<Mirrors> => {
    const answer = await service.handlers['mirrors.get'](undefined)
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.value
  }
  async function begin(image: string): Promise<string> {
    const answer = await service.handlers['mirrors.race'](image)
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.value
  }
  return {
    told,
    /** Called with each probe whenever the mirrors are published. */
    heard: (next: typeof listener) => void (listener = next),
    saved,
    now,
    begin,
    get handlers() {
      return service.handlers
    },
    get sources() {
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
    /** A whole race, and what it showed. */
    async race(image: string) {
      const id = await begin(image)
      await eventually(() => jobs.find(id)?.state !== 'running', 55_000)
      return (await now()).race!
    },
    /** As after the app's next start. */
    async restart() {
      await store.end()
      ;({ jobs, service, store } = start())
    },
    async stop() {
      await http.close()
      await store.end()
      setDefaultCACertificates(before)
      rmSync(folder, { recursive: true })
    },
  }
}

export const failureIn = (probe: MirrorProbe | undefined) => (probe?.state === 'failed' ? probe.failure : undefined)
