/** The change of Docker's own mirrors over a real engine and the real helper, as main builds it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { daemonConfigService } from '../../../main/daemon-config/index.ts'
import { jobService } from '../../../main/jobs/index.ts'
import { openHelper, userHelper } from '../../../main/daemon-config/helper.ts'
import { httpClient } from '../../../main/registry/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { pullService } from '../../../main/pull/index.ts'
import { testPull } from '../../../main/workflows/index.ts'
import type { Job } from '../../../preload/contract/index.ts'
import type { Online } from '../../../tools/world/world.ts'
import { eventually } from '../eventually.ts'
import { installed, ownSide } from './helper-side.ts'
import { serve } from '../engine-window.ts'

export type Changer = Awaited<ReturnType<typeof openChanger>>

interface ChangerWish {
  readonly online: Online
  readonly socket: string
  /** By default one in which nothing is found. */
  readonly env?: Readonly<Record<string, string>>
  /** Told each step of a job as it is done. */
  readonly onStep?: (step: string, job: Job) => void
}

export async function openChanger({ online, socket, env = {}, onStep = () => {} }: ChangerWish) {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, readFileSync(online.mirrors.caFile, 'utf8')])
  const folder = mkdtempSync(join(tmpdir(), 'changer-'))
  const environment = { env: { DOCKER_HOST: `unix://${socket}`, ...env }, home: '/nonexistent' }
  let engineChanged = () => {}
  const served = serve(environment, undefined, () => engineChanged())
  const store = openStore(folder)
  const http = httpClient({ version: '0', env: online.hub.env })
  const told = new Map<string, Set<string>>()
  const jobs = jobService({
    store,
    publish(name, payload) {
      if (name !== 'jobs.changed') return
      const job = payload as Job
      const seen = told.get(job.id) ?? new Set()
      told.set(job.id, seen)
      for (const item of job.items)
        if (item.state === 'done' && !seen.has(item.name)) {
          seen.add(item.name)
          onStep(item.name, job)
        }
    },
  })
  const pull = pullService({ engine: served.engine, jobs, credentialsFor: async () => undefined })
  const daemon = daemonConfigService({
    ...{ engine: served.engine, jobs, environment },
    store: store.mirrors,
    userHelper: userHelper(ownSide(env, true).program, env),
    tryMirror: testPull({ http, pull, lastRace: () => store.mirrors.value.race }),
    showFile: async () => {},
    // As root, whoever the test has made itself meanwhile.
    openRoot: (wish) => openHelper({ command: ['/usr/bin/setpriv', '--reuid=0', installed], ...wish }),
  })
  engineChanged = daemon.engineChanged
  engineChanged()
  await eventually(() => served.window.complete)
  const { handlers } = daemon

  async function plan(mirrors: readonly string[]) {
    const answer = await handlers['daemon-config.plan']({ mirrors: [...mirrors], withPassword: false })
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return answer.value
  }
  async function end(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 100_000)
    return jobs.find(id)!
  }
  async function apply(id: string): Promise<Job> {
    const answer = await handlers['daemon-config.apply'](id)
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return end(answer.value)
  }
  return {
    ...{ handlers, plan, apply, end, served },
    set: async (mirrors: readonly string[]) => apply((await plan(mirrors)).id),
    async now() {
      const answer = await handlers['daemon-config.get'](undefined)
      if (!answer.ok) throw new Error(answer.error.code)
      return answer.value
    },
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await http.close()
      await store.end()
      setDefaultCACertificates(before)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
