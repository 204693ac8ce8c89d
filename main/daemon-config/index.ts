/** Docker's own mirrors, in its daemon.json: what is so, a plan, and then exactly that plan. */
import { randomUUID } from 'node:crypto'
import { readDaemonFile } from '../../model/daemon-config/file.ts'
import { distinctMirrors } from '../../model/mirrors/address.ts'
import { isBlocked, namedBefore, planMirrors, type Situation } from '../../model/daemon-config/plan.ts'
import {
  fail,
  ok,
  type DaemonStep,
  type Failure,
  type Handlers,
  type JobSubject,
  type KeptMirrorPlan,
} from '../../preload/contract/index.ts'
import type { Engine, EngineSession } from '../engine/index.ts'
import type { Jobs, Working } from '../jobs/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { accessTo, isSecret, type Access } from './access.ts'
import { byHand } from './by-hand.ts'
import { changeMirrors, stepsFor, type OpenHelper } from './change.ts'
import { openHelper, type OwnHelper } from './helper.ts'
import { changedEngine, mirrorsInForce, type ChangedEngine } from './in-force.ts'
import { recovery } from './recovery.ts'
import { findInstallation, hostsToml, mirrorOptions, type Found, type Surroundings } from './situation.ts'

export interface DaemonConfigNeeds {
  readonly engine: Pick<Engine, 'session' | 'lease' | 'state' | 'live'>
  readonly jobs: Jobs
  readonly store: MirrorsStore
  readonly surroundings: Surroundings
  /** Changes the file of a rootless Docker, which is the user's own. */
  readonly own: OwnHelper
  /** Has Docker pull with a mirror: why it cannot; left out where no image is known to try it with. */
  readonly tryMirror: (
    session: EngineSession,
    mirror: string,
    signal: AbortSignal,
  ) => Promise<Failure | 'left-out' | undefined>
  /** Opens the file in the desktop's own program. */
  readonly showFile: (file: string) => Promise<void>
  /** Only tests say another. */
  readonly openRoot?: OpenHelper
}

/** The plan that was shown, and whose file it is for: the engine may have become another since. */
interface Kept {
  readonly shown: KeptMirrorPlan
  readonly access: Access
  readonly oldHash: string | undefined
  readonly mirrors: readonly string[]
}

const mostChanges = 50

export function daemonConfigService(needs: DaemonConfigNeeds) {
  const { engine, jobs, store, surroundings, own, tryMirror, showFile, openRoot = openHelper } = needs
  const found = () => findInstallation(engine.state(), surroundings)
  const inForce = () => mirrorsInForce(engine.session())
  const access = (at: Found) => accessTo(at, { openRoot, own })
  const cut = recovery()
  /** The only plan that can be applied. A newer request makes it unusable at once. */
  let kept: Kept | undefined
  let latestRequest = 0
  /** The helper was killed in the middle: what it left is put back at its next start. */
  let wasCut = false

  async function situation(at: Found): Promise<Situation> {
    const state = engine.state()
    const { installation, pidFile } = at
    const hosts = state.status === 'connected' && state.facts.store === 'containerd' ? hostsToml(at) : undefined
    // Asked now: what the state says of it follows a moment after a change.
    const now = await inForce()
    return {
      installation,
      asOption: await mirrorOptions(pidFile),
      ...(hosts !== undefined && { hostsToml: hosts }),
      ...(now && { inForce: now }),
      running: [...engine.live.containers().values()]
        .filter(({ state }) => state === 'running')
        .map(({ name }) => name),
    }
  }

  const changesOf = (file: string | undefined) => store.value.changes.filter((change) => change.file === file)

  function record(file: string, before: readonly string[], after: readonly string[], backup: string | undefined) {
    const change = { file, at: Math.floor(Date.now() / 1000), before, after, ...(backup !== undefined && { backup }) }
    store.write({ ...store.value, changes: [change, ...store.value.changes].slice(0, mostChanges) })
  }

  function start(
    subject: Subject,
    steps: readonly DaemonStep[],
    work: (job: Working, of: ChangedEngine) => Promise<void>,
  ) {
    const of = changedEngine(engine)
    return jobs.start({ kind: 'daemon', ...subject }, steps, (job) => work(job, of).finally(of.release))
  }

  async function apply(
    { shown, access, oldHash, mirrors }: Kept,
    steps: readonly DaemonStep[],
    job: Working,
    of: ChangedEngine,
  ) {
    const { change, rows } = shown.plan
    if (!change) return
    const [first] = mirrors
    const why = await changeMirrors(
      { open: access.open, session: of.session },
      {
        steps,
        mirrors: () => mirrors,
        write: (helper) => helper.change({ oldHash, newText: change.after }),
        tryThem: first === undefined ? undefined : (session, signal) => tryMirror(session, first, signal),
      },
      job,
    )
    if (why) wasCut ||= why.code === 'helper-ended'
    else record(shown.file, namedBefore(rows), mirrors, oldHash)
  }

  async function restore(
    { file, access, hash }: { readonly file: string; readonly access: Access; readonly hash: string },
    steps: readonly DaemonStep[],
    job: Working,
    of: ChangedEngine,
  ) {
    await cut.settled()
    const read = await access.read()
    let now = read.ok ? read.value : undefined
    let mirrors: readonly string[] = []
    const why = await changeMirrors(
      { open: access.open, session: of.session },
      {
        steps,
        mirrors: () => mirrors,
        evenIfDown: true,
        async write(helper) {
          const all = await helper.history()
          if (!all.ok) return all
          mirrors = all.value.find((backup) => backup.hash === hash)?.mirrors ?? []
          job.subject({ mirrors: [...mirrors] })
          if (!now) {
            const told = await helper.read()
            if (!told.ok) return told
            now = { text: told.value.text ?? undefined, hash: told.value.hash ?? undefined }
          }
          return helper.restore({ oldHash: now.hash, hash })
        },
      },
      job,
    )
    const former = readDaemonFile(now?.text)
    if (why) wasCut ||= why.code === 'helper-ended'
    else record(file, former.ok ? former.settings.mirrors : [], mirrors, now?.hash)
  }

  const handlers: Handlers<'daemon-config'> = {
    async 'daemon-config.get'() {
      const at = found()
      const { way, read } = access(at)
      await cut.settled()
      const told = await read()
      const settings = told.ok && at.file !== undefined ? readDaemonFile(told.value.text) : undefined
      return ok({
        installation: at.installation,
        way,
        ...(at.file !== undefined && { file: at.file }),
        ...(settings?.ok && { named: distinctMirrors(settings.settings.mirrors) }),
        ...(settings && !settings.ok && { fault: settings.fault }),
        ...(!told.ok && (isSecret(told) ? { secret: true as const } : { failure: told.error })),
        changes: changesOf(at.file),
      })
    },
    async 'daemon-config.plan'({ mirrors: wish, withPassword }) {
      const request = ++latestRequest
      kept = undefined
      const at = found()
      const to = access(at)
      const file = at.file ?? ''
      await cut.settled()
      if (wasCut && to.way === 'own') wasCut = !(await to.talk(async () => ok(undefined))).ok
      let read = await to.read()
      if ((wasCut || isSecret(read)) && to.way !== 'own') {
        const helper = to.way === 'helper'
        const code = wasCut ? 'daemon-file-cut' : 'daemon-file-secret'
        if (!withPassword || !helper) return fail({ code, file, helper })
        read = await to.readAsRoot()
        wasCut &&= !read.ok
      }
      if (!read.ok) return read
      const { text, hash: oldHash } = read.value
      const plan = planMirrors(text, wish, await situation(at))
      const mirrors = plan.rows.flatMap((row) => (row.kind === 'asks' ? [row.mirror] : []))
      // What only an administrator may read stays out of the clipboard.
      const change = withPassword ? undefined : plan.change
      const commands = change && (await byHand(at, to, { before: read.value, after: change.after }))
      const shown = { id: randomUUID(), file, way: to.way, plan, ...(commands !== undefined && { commands }) }
      if (request !== latestRequest) return fail({ code: 'plan-unknown' })
      kept = { shown, access: to, oldHash, mirrors }
      return ok(shown)
    },
    'daemon-config.apply'(id) {
      if (kept?.shown.id !== id || !kept.shown.plan.change || isBlocked(kept.shown.plan))
        return fail({ code: 'plan-unknown' })
      const applied = kept
      kept = undefined
      const { mirrors, access, shown } = applied
      const steps = stepsFor(access.way, mirrors.length > 0)
      const restarts = shown.plan.rows.some(({ kind }) => kind === 'restart')
      return ok(start({ mirrors: [...mirrors], restarts }, steps, (job, of) => apply(applied, steps, job, of)))
    },
    async 'daemon-config.backups'() {
      const told = await access(found()).talk((helper) => helper.history())
      if (!told.ok) return told
      return ok(
        told.value
          .filter(({ valid }) => valid)
          .map(({ hash, time, mirrors }) => ({ hash, time, mirrors: mirrors ?? [] })),
      )
    },
    'daemon-config.restore'(hash) {
      const at = found()
      const { file, installation } = at
      if (file === undefined) return fail({ code: 'plan-unknown' })
      const to = access(at)
      const mirrors = changesOf(file).find(({ backup }) => backup === hash)?.before ?? []
      const steps = stepsFor(to.way, false)
      const subject = { mirrors: [...mirrors], restores: true, restarts: installation === 'snap' }
      return ok(start(subject, steps, (job, of) => restore({ file, access: to, hash }, steps, job, of)))
    },
    async 'daemon-config.show'() {
      const { file } = found()
      if (file !== undefined) await showFile(file)
      return ok(undefined)
    },
  }
  return {
    handlers,
    /** Told whenever the engine's state is another. */
    engineChanged: () => cut.look(engine.state(), access(found())),
  }
}

type Subject = Omit<Extract<JobSubject, { kind: 'daemon' }>, 'kind'>

export { ownHelper } from './helper.ts'
