/** The service that changes daemon.json, composed as in main, over a real engine and the real helper. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import type { DiffLine } from '../../../model/daemon-config/line-diff.ts'
import { homeWith, type ContextOptions } from '../home.ts'
import { installedHelper, installedRestoreHelper, userScope } from './helper-tools.ts'
import { serve } from '../engine-window.ts'

export type Changer = Awaited<ReturnType<typeof openChanger>>

interface ChangerOptions {
  readonly online: Online
  readonly socket: string
  /** Environment variables that lead to a rootless engine and its files. Default: no variables, no rootless engine. */
  readonly env?: Readonly<Record<string, string>>
  /** Slipway's environment for its own requests. Default: it trusts the world's mirrors. */
  readonly httpEnv?: Readonly<Record<string, string>>
  /** Docker's contexts instead of the one engine at `socket`. The first one is the current context. */
  readonly contexts?: Readonly<Record<string, ContextOptions>>
  /** Called once for each step of a job, after the step is done. */
  readonly onStep?: (step: string, job: Job) => void
}

/** The text that a plan shows, without its last line end. */
export const textAfter = (diff: readonly DiffLine[]): string =>
  diff.flatMap(({ kind, text }) => (kind === 'removed' ? [] : [text])).join('\n')

export async function openChanger({
  online,
  socket,
  contexts,
  env = {},
  httpEnv = online.hub.env,
  onStep = () => {},
}: ChangerOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'changer-'))
  const environment = contexts
    ? homeWith(contexts)
    : { env: { DOCKER_HOST: `unix://${socket}`, ...env }, home: '/nonexistent' }
  let engineChanged = () => {}
  const served = serve(environment, undefined, () => engineChanged())
  const store = openStore(folder)
  const http = httpClient({ version: '0', env: httpEnv })
  const published: unknown[] = []
  const doneSteps = new Map<string, Set<string>>()
  const jobs = jobService({
    store,
    publish(name, payload) {
      published.push(payload)
      if (name !== 'jobs.changed') return
      const job = payload as Job
      const reported = doneSteps.get(job.id) ?? new Set()
      doneSteps.set(job.id, reported)
      for (const item of job.items)
        if (item.state === 'done' && !reported.has(item.name)) {
          reported.add(item.name)
          onStep(item.name, job)
        }
    },
  })
  const pull = pullService({ engine: served.engine, jobs, credentialsFor: async () => undefined })
  const daemon = daemonConfigService({
    ...{ engine: served.engine, jobs, environment },
    store: store.mirrors,
    userHelper: userHelper(userScope(env, true).program, env),
    tryMirror: testPull({ http, pull, lastRace: () => store.mirrors.value.race }),
    showFile: async () => {},
    // Runs the helper as root, even while a test has changed the effective user id of this process.
    openHelperAsRoot: (options) =>
      openHelper({
        command: ['/usr/bin/setpriv', '--reuid=0', options.restoresWhole ? installedRestoreHelper : installedHelper],
        ...options,
      }),
  })
  engineChanged = daemon.engineChanged
  engineChanged()
  await eventually(() => served.window.complete)
  const { handlers } = daemon

  async function plan(mirrors: readonly string[]) {
    const result = await handlers['daemon-config.plan']({ mirrors: [...mirrors], withPassword: false })
    if (!result.ok) throw new Error(JSON.stringify(result.error))
    return result.value
  }
  /** Plans the restore of a backup. */
  async function planRestore(hash: string | undefined) {
    const result = await handlers['daemon-config.plan-restore']({ hash: hash ?? '', withPassword: false })
    if (!result.ok) throw new Error(JSON.stringify(result.error))
    return result.value
  }
  async function waitForEnd(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 100_000)
    return jobs.find(id)!
  }
  /** Applies a plan and waits for the end of the job. */
  async function apply(planId: string): Promise<Job> {
    const result = await handlers['daemon-config.apply'](planId)
    if (!result.ok) throw new Error(JSON.stringify(result.error))
    return waitForEnd(result.value)
  }
  return {
    ...{ handlers, plan, planRestore, apply, waitForEnd, served },
    /** Everything that the jobs sent to the window. */
    published,
    /** Plans and applies a change to these mirrors. */
    setMirrors: async (mirrors: readonly string[]) => apply((await plan(mirrors)).id),
    /** Plans and applies the restore of a backup. */
    restore: async (hash: string | undefined) => apply((await planRestore(hash)).id),
    async readConfig() {
      const result = await handlers['daemon-config.get'](undefined)
      if (!result.ok) throw new Error(result.error.code)
      return result.value
    },
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await http.close()
      await store.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
