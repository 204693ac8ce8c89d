/** Reads the engine's mirrors from its daemon.json, plans a change of them and applies exactly that plan. */
import { randomUUID } from 'node:crypto'
import { readDaemonFile } from '../../model/daemon-config/file.ts'
import { distinctMirrors } from '../../model/mirrors/address.ts'
import { blockedPlan, planMirrors } from '../../model/daemon-config/plan.ts'
import { namedSettings } from '../../model/daemon-config/repair.ts'
import { isBlocked, shownMirrorPlan } from '../../model/daemon-config/shown.ts'
import {
  fail,
  ok,
  type DaemonStep,
  type Failure,
  type Handlers,
  type JobSubject,
  type MirrorChange,
} from '../../preload/contract/index.ts'
import type { Engine, EngineSession, HostEnvironment } from '../engine/index.ts'
import type { Jobs, JobContext } from '../jobs/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { daemonFileAccess, isReadDenied } from './access.ts'
import { byteEdits } from './byte-edits.ts'
import { manualCommands } from './manual-commands.ts'
import { changeMirrors, planSteps, type OpenHelper } from './change.ts'
import { openHelper, type UserHelper } from './helper.ts'
import { findUnsafePath } from './hops.ts'
import { faultyText } from './replaced-text.ts'
import { pinTargetEngine, type ShownSession, type TargetEngine } from './target-engine.ts'
import { recovery } from './recovery.ts'
import { restoreHandlers, restoreWhole } from './restore.ts'
import type { StoredPlan } from './stored-plan.ts'
import { repairHandlers, type Mend } from './repair.ts'
import { findInstallation, readEnvironment, type DaemonInstallation } from './environment.ts'

export interface DaemonConfigNeeds {
  readonly engine: Pick<Engine, 'session' | 'shows' | 'lease' | 'state' | 'live'>
  readonly jobs: Jobs
  readonly store: MirrorsStore
  readonly environment: HostEnvironment
  /** Changes the daemon.json of a rootless Docker, which belongs to the user. */
  readonly userHelper: UserHelper
  /** Test-pulls through a mirror. Resolves with the failure, if any, or `skipped` if no suitable image is known. */
  readonly tryMirror: (
    session: EngineSession,
    mirror: string,
    signal: AbortSignal,
  ) => Promise<Failure | 'skipped' | undefined>
  /** Opens the file in the desktop's default program. */
  readonly showFile: (file: string) => Promise<void>
  /** Starts the helper as root. Replaced only in tests. */
  readonly openHelperAsRoot?: OpenHelper
}

const maxChanges = 50

export function daemonConfigService(needs: DaemonConfigNeeds) {
  const { engine, jobs, store, environment, userHelper, tryMirror, showFile, openHelperAsRoot = openHelper } = needs
  const currentInstallation = () => findInstallation(engine.state(), environment)
  const accessTo = (daemon: DaemonInstallation) => daemonFileAccess(daemon, { openHelperAsRoot, userHelper })
  const crashRecovery = recovery()
  /** The only plan that can be applied. A newer request makes it unusable at once. */
  let storedPlan: StoredPlan | undefined
  let latestRequest = 0
  /** Whether the helper was killed during a change. The next start of the helper undoes that change. */
  let wasInterrupted = false

  /** Whether the window still shows the same session or, as before, none. A plan ends with its session. */
  const isStillShown = (session: ShownSession) => (session.ok ? engine.shows(session.value) : !engine.session().ok)

  const changesOf = (file: string | undefined) => store.value.changes.filter((change) => change.file === file)

  function startJob(
    file: string,
    subject: Subject,
    steps: readonly DaemonStep[],
    work: (job: JobContext, target: TargetEngine) => Promise<void>,
  ) {
    const target = pinTargetEngine(engine, () => currentInstallation().file === file)
    return jobs.start({ kind: 'daemon', ...subject }, steps, (job) => work(job, target).finally(target.release))
  }

  async function apply(
    { shown, change, access, read, mirrors }: StoredPlan,
    steps: readonly DaemonStep[],
    job: JobContext,
    target: TargetEngine,
  ) {
    if (!change) return
    const [first] = mirrors
    const oldHash = read.hash
    const failure = await changeMirrors(
      { open: access.open, session: target.session },
      {
        steps,
        mirrors: () => mirrors,
        write: (helper) => helper.change({ oldHash, edits: byteEdits(change.before, change.edits) }),
        testPull: first === undefined ? undefined : (session, signal) => tryMirror(session, first, signal),
      },
      job,
    )
    const before = readDaemonFile(read.text)
    finish(failure, {
      ...{ file: shown.file, before: before.ok ? distinctMirrors(before.settings.mirrors) : [], after: mirrors },
      ...{ backup: oldHash, settings: namedSettings(read.text ?? '') },
    })
  }

  function startRestore({ shown: { file }, access, read, mirrors }: StoredPlan, backup: string) {
    const steps = planSteps(access.method, false)
    const subject = { mirrors: [...mirrors], restores: true, restarts: currentInstallation().installation === 'snap' }
    return startJob(file, subject, steps, async (job, target) => {
      const restored = await restoreWhole({ access, oldHash: read.hash, backup, steps }, job, target)
      finish(restored.failure, { file, before: [], after: restored.mirrors, faulty: await faultyText(access, read) })
    })
  }

  /** Stores a change that was made. */
  function finish(failure: Failure | undefined, made: Omit<MirrorChange, 'at'>) {
    wasInterrupted ||= failure?.code === 'helper-ended'
    if (failure) return
    const change = { ...made, at: Math.floor(Date.now() / 1000) }
    store.write({ ...store.value, changes: [change, ...store.value.changes].slice(0, maxChanges) })
  }

  function startMend({ file, access, before, mirrors, restarts, request }: Mend) {
    const subject = { mirrors: [...mirrors], mends: true, restarts }
    return ok(
      startJob(file, subject, request.steps, async (job, target) => {
        const failure = await changeMirrors({ open: access.open, session: target.session }, request, job)
        finish(failure, { file, before: [], after: mirrors, faulty: await faultyText(access, before) })
      }),
    )
  }

  const handlers: Handlers<'daemon-config'> = {
    ...repairHandlers({
      ...{ engine, environment, currentInstallation, accessTo, startMend },
      ...{ isStillShown, settled: () => crashRecovery.settled() },
    }),
    ...restoreHandlers({
      ...{ environment, currentInstallation, accessTo, changesOf },
      plan: async (request) => handlers['daemon-config.plan'](request),
      storedPlan: () => storedPlan,
      replaceStoredPlan: (plan) => (storedPlan = plan),
    }),
    async 'daemon-config.get'() {
      const daemon = currentInstallation()
      const { method, read: readFile } = accessTo(daemon)
      await crashRecovery.settled()
      const read = await readFile()
      const settings = read.ok && daemon.file !== undefined ? readDaemonFile(read.value.text) : undefined
      return ok({
        installation: daemon.installation,
        method,
        ...(daemon.file !== undefined && { file: daemon.file }),
        ...(settings?.ok && { named: distinctMirrors(settings.settings.mirrors) }),
        ...(settings && !settings.ok && { fault: settings.fault }),
        ...(!read.ok && (isReadDenied(read) ? { secret: true as const } : { failure: read.error })),
        changes: changesOf(daemon.file),
      })
    },
    async 'daemon-config.plan'({ mirrors: requested, withPassword }) {
      const request = ++latestRequest
      storedPlan = undefined
      const session = engine.session()
      const daemon = currentInstallation()
      const fileAccess = accessTo(daemon)
      const { method } = fileAccess
      const file = daemon.file ?? ''
      await crashRecovery.settled()
      if (wasInterrupted && method === 'user-helper')
        wasInterrupted = !(await fileAccess.withHelper(async () => ok(undefined))).ok
      let read = await fileAccess.read()
      if ((wasInterrupted || isReadDenied(read)) && method !== 'user-helper') {
        const hasHelper = method === 'root-helper'
        const code = wasInterrupted ? 'daemon-file-interrupted' : 'daemon-file-needs-password'
        if (!withPassword || !hasHelper) return fail({ code, file, helper: hasHelper })
        read = await fileAccess.readThroughHelper()
        wasInterrupted &&= !read.ok
      }
      if (!read.ok) return read
      const { text, isMasked = false, fault } = read.value
      const unsafePath = method === 'commands' ? undefined : await findUnsafePath(daemon)
      const plan = fault
        ? blockedPlan(fault)
        : planMirrors(text, requested, {
            ...(await readEnvironment(daemon, session, engine.live.containers())),
            ...(unsafePath !== undefined && { unsafePath }),
          })
      const mirrors = plan.rows.flatMap((row) => (row.kind === 'asks' ? [row.mirror] : []))
      const { change } = plan
      // With a masked text, commands would write the mask; in a folder that others can change, through a link of theirs.
      const texts = change && !isMasked && unsafePath === undefined && { before: read.value, after: change.after }
      const commands = texts ? await manualCommands(daemon, fileAccess, texts) : undefined
      const shown = {
        ...{ id: randomUUID(), file, method, plan: shownMirrorPlan(plan, isMasked) },
        ...(commands !== undefined && { commands }),
      }
      if (request !== latestRequest || !isStillShown(session)) return fail({ code: 'plan-unknown' })
      storedPlan = { shown, change, session, access: fileAccess, read: read.value, mirrors }
      return ok(shown)
    },
    'daemon-config.apply'(id) {
      if (storedPlan?.shown.id !== id || isBlocked(storedPlan.shown.plan)) return fail({ code: 'plan-unknown' })
      const planToApply = storedPlan
      const { mirrors, access, shown, backup } = planToApply
      if (!planToApply.change && backup === undefined) return fail({ code: 'plan-unknown' })
      storedPlan = undefined
      if (!isStillShown(planToApply.session)) return fail({ code: 'plan-outdated' })
      if (backup !== undefined) return ok(startRestore(planToApply, backup))
      const steps = planSteps(access.method, mirrors.length > 0)
      const restarts = shown.plan.rows.some(({ kind }) => kind === 'restart')
      const subject = { mirrors: [...mirrors], restarts }
      return ok(startJob(shown.file, subject, steps, (job, target) => apply(planToApply, steps, job, target)))
    },
    async 'daemon-config.show'() {
      const { file } = currentInstallation()
      if (file !== undefined) await showFile(file)
      return ok(undefined)
    },
  }
  return {
    handlers,
    engineChanged: () => crashRecovery.engineChanged(engine.state(), accessTo(currentInstallation())),
  }
}

type Subject = Omit<Extract<JobSubject, { kind: 'daemon' }>, 'kind'>

export { findInstallation } from './environment.ts'
export { userHelper } from './helper.ts'
