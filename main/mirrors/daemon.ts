/** Docker's own mirrors, in its daemon.json: what is so, a plan, and then exactly that plan. */
import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { commandsFor } from '../../model/daemon-commands.ts'
import { readDaemonFile } from '../../model/daemon-file.ts'
import { distinctMirrors } from '../../model/mirror-address.ts'
import { isBlocked, planMirrors, type Situation } from '../../model/mirror-plan.ts'
import {
  daemonSteps,
  fail,
  ok,
  type ChangeWay,
  type DaemonStep,
  type Failure,
  type Handlers,
  type KeptMirrorPlan,
  type Result,
} from '../../preload/contract/index.ts'
import type { Engine } from '../engine/index.ts'
import type { Jobs, Working } from '../jobs.ts'
import type { Http } from '../registry/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { changeMirrors, type OpenHelper } from './change.ts'
import { helperInstalled, openHelper, type Helper } from './helper.ts'
import { mirrorsInForce } from './in-force.ts'
import { openOwnFile } from './own-file.ts'
import { findInstallation, hostsToml, mirrorOptions, type Found, type Surroundings } from './situation.ts'
import { imageToTry, tryPull } from './test-pull.ts'

export interface DaemonNeeds {
  readonly engine: Pick<Engine, 'docker' | 'state' | 'live'>
  readonly jobs: Jobs
  readonly http: Http
  readonly store: MirrorsStore
  readonly surroundings: Surroundings
  /** Where backups of a file of the user's own are kept. */
  readonly backups: string
  /** Pulls by digest, as part of another job's work. */
  readonly pull: (reference: string, cancelled: AbortSignal) => Promise<Failure | undefined>
  /** Opens the file in the desktop's own program. */
  readonly showFile: (file: string) => Promise<void>
  /** Only tests say another. */
  readonly openRoot?: OpenHelper
}

interface Kept extends KeptMirrorPlan {
  readonly oldHash: string | undefined
  readonly mirrors: readonly string[]
}

const mostChanges = 50

export function daemonService(needs: DaemonNeeds) {
  const { engine, jobs, http, store, surroundings, backups, pull, showFile, openRoot = openHelper } = needs
  const found = () => findInstallation(engine.state(), surroundings)
  let plan: Kept | undefined

  const wayTo = ({ installation, file }: Found): ChangeWay => {
    if (file === undefined) return 'nobody'
    if (installation === 'rootless') return 'own'
    return openRoot !== openHelper || helperInstalled() ? 'helper' : 'commands'
  }
  const opener = ({ installation, file, pidFile }: Found): OpenHelper =>
    installation === 'rootless' && file !== undefined
      ? (wish) => openOwnFile({ file, backups, ...(pidFile !== undefined && { pidFile }) }, wish)
      : openRoot

  /** Its bytes, `undefined` where there is none; a failure where only root may read it. */
  async function read(file: string): Promise<Result<Buffer | undefined>> {
    try {
      return ok(await readFile(file))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      return code === 'ENOENT' ? ok(undefined) : fail({ code: 'file-unusable', file, detail: code })
    }
  }

  /** By root's helper, for a password, where this user may not read it. */
  async function readByHelper(): Promise<Result<{ text: string | undefined; hash: string | undefined }>> {
    const told = await conversation((helper) => helper.read())
    return told.ok ? ok({ text: told.value.text ?? undefined, hash: told.value.hash ?? undefined }) : told
  }
  async function conversation<T>(talk: (helper: Helper) => Promise<Result<T>>): Promise<Result<T>> {
    const opened = await opener(found())({})
    if (!opened.ok) return opened
    try {
      return await talk(opened.value)
    } finally {
      await opened.value.end()
    }
  }

  async function situation({ installation, pidFile }: Found): Promise<Situation> {
    const state = engine.state()
    const hosts = hostsToml()
    const facts = state.status === 'connected' ? state.facts : undefined
    // Asked now: what the state says of it follows a moment after a change.
    const inForce = await mirrorsInForce(engine.docker())
    return {
      installation,
      asOption: await mirrorOptions(pidFile),
      ...(hosts !== undefined && facts?.store === 'containerd' && { hostsToml: hosts }),
      ...(inForce && { inForce }),
      running: [...engine.live.containers().values()]
        .filter(({ state }) => state === 'running')
        .map(({ name }) => name),
    }
  }

  function record(before: readonly string[], after: readonly string[], backup: string | undefined) {
    const change = { at: Math.floor(Date.now() / 1000), before, after, ...(backup !== undefined && { backup }) }
    store.write({ ...store.value, changes: [change, ...store.value.changes].slice(0, mostChanges) })
  }

  async function apply({ plan: { change, rows }, oldHash, mirrors }: Kept, steps: readonly DaemonStep[], job: Working) {
    if (!change) return
    const [first] = mirrors
    const done = await changeMirrors(
      { open: opener(found()), docker: engine.docker },
      {
        steps,
        mirrors: () => mirrors,
        write: (helper) => helper.change({ oldHash, newText: change.after }),
        tryThem: first === undefined ? undefined : (signal) => tryThem(first, signal),
      },
      job,
    )
    if (done)
      record(
        rows.flatMap((row) => before(row)),
        mirrors,
        oldHash,
      )
  }

  async function tryThem(mirror: string, signal: AbortSignal): Promise<Failure | undefined> {
    const docker = engine.docker()
    if (!docker.ok) return docker.error
    const image = await imageToTry({ http, docker: docker.value }, mirror, raced(), signal)
    return image === undefined ? undefined : tryPull(docker.value, image, (reference) => pull(reference, signal))
  }

  /** The image of the last race, by a digest that a mirror answered with. */
  function raced(): string | undefined {
    const { race } = store.value
    const seen = Object.values(race?.probes ?? {}).find(({ state }) => state === 'answered')
    const repository = race?.image.replace(/[:@][^/]*$/, '')
    return seen && 'digest' in seen && repository ? `${repository}@${seen.digest}` : undefined
  }

  const stepsFor = (way: ChangeWay, tries: boolean) =>
    daemonSteps.filter((step) => (step !== 'password' || way === 'helper') && (step !== 'pulled' || tries))

  const handlers: Handlers<'daemon'> = {
    async 'daemon.get'() {
      const at = found()
      const bytes = at.file === undefined ? undefined : await read(at.file)
      const told = bytes?.ok ? readDaemonFile(bytes.value?.toString('utf8')) : undefined
      return ok({
        installation: at.installation,
        way: wayTo(at),
        ...(at.file !== undefined && { file: at.file }),
        ...(told?.ok && { named: distinctMirrors(told.settings.mirrors) }),
        ...(told && !told.ok && { fault: told.fault }),
        changes: store.value.changes,
      })
    },
    async 'daemon.plan'(wish) {
      const at = found()
      const file = at.file ?? ''
      const bytes = at.file === undefined ? ok(undefined) : await read(file)
      const asked = bytes.ok ? ok(ofBytes(bytes.value)) : await readByHelper()
      if (!asked.ok) return asked
      const { text, hash } = asked.value
      const planned = planMirrors(text, wish, await situation(at))
      const commands = planned.change
        ? commandsFor({ file, exists: text !== undefined, text: planned.change.after, installation: at.installation })
        : []
      const mirrors = planned.rows.flatMap((row) => (row.kind === 'asks' ? [row.mirror] : []))
      const shown = { id: randomUUID(), file, way: wayTo(at), plan: planned, commands }
      plan = { ...shown, oldHash: hash, mirrors }
      return ok(shown)
    },
    'daemon.apply'(id) {
      if (plan?.id !== id || !plan.plan.change || isBlocked(plan.plan)) return fail({ code: 'plan-unknown' })
      const applied = plan
      plan = undefined
      const { way, mirrors } = applied
      const steps = stepsFor(way, mirrors.length > 0)
      return ok(jobs.start({ kind: 'daemon', mirrors: [...mirrors] }, steps, (job) => apply(applied, steps, job)))
    },
    async 'daemon.backups'() {
      const told = await conversation((helper) => helper.history())
      if (!told.ok) return told
      return ok(
        told.value
          .filter(({ valid }) => valid)
          .map(({ hash, time, mirrors }) => ({ hash, time, mirrors: mirrors ?? [] })),
      )
    },
    async 'daemon.restore'(hash) {
      const at = found()
      if (at.file === undefined) return fail({ code: 'plan-unknown' })
      const bytes = await read(at.file)
      const change = store.value.changes.find(({ backup }) => backup === hash)
      const now = bytes.ok ? ofBytes(bytes.value) : undefined
      const steps = stepsFor(wayTo(at), false)
      const named = readDaemonFile(now?.text)
      const former = named.ok ? named.settings.mirrors : []
      const id = jobs.start(
        { kind: 'daemon', mirrors: [...(change?.before ?? [])], restores: true },
        steps,
        async (job) => {
          let mirrors: readonly string[] = []
          const done = await changeMirrors(
            { open: opener(at), docker: engine.docker },
            {
              steps,
              mirrors: () => mirrors,
              async write(helper) {
                const all = await helper.history()
                if (!all.ok) return all
                mirrors = all.value.find((backup) => backup.hash === hash)?.mirrors ?? []
                const oldHash = now?.hash ?? (await helper.read().then((told) => (told.ok ? told.value.hash : null)))
                return helper.restore({ oldHash: oldHash ?? undefined, hash })
              },
            },
            job,
          )
          if (done) record(former, mirrors, now?.hash)
        },
      )
      return ok(id)
    },
    async 'daemon.show'() {
      const { file } = found()
      if (file !== undefined) await showFile(file)
      return ok(undefined)
    },
  }
  return { handlers }
}

const before = (row: KeptMirrorPlan['plan']['rows'][number]): string[] =>
  row.kind === 'drops' || (row.kind === 'asks' && row.was !== 'new') ? [row.mirror] : []

const ofBytes = (bytes: Buffer | undefined) => ({
  text: bytes?.toString('utf8'),
  hash: bytes && createHash('sha256').update(bytes).digest('hex'),
})
