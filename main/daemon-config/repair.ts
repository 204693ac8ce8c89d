/** Finds what in daemon.json keeps Docker from starting, now or next time, and mends the file. */
import { randomUUID } from 'node:crypto'
import { commandsWithoutFile } from '../../model/daemon-config/commands.ts'
import { readDaemonFile } from '../../model/daemon-config/file.ts'
import { planRepair } from '../../model/daemon-config/repair.ts'
import { maskedRepairPlan } from '../../model/daemon-config/shown.ts'
import {
  fail,
  ok,
  type FailureCode,
  type FileRepair,
  type Handlers,
  type Result,
} from '../../preload/contract/index.ts'
import type { Engine, HostEnvironment } from '../engine/index.ts'
import { isReadDenied, type DaemonFileAccess, type FileContent } from './access.ts'
import { planSteps, type MirrorChangeRequest } from './change.ts'
import { readDockerdFacts } from './dockerd-facts.ts'
import type { DaemonInstallation } from './environment.ts'
import { findUnsafePath } from './hops.ts'
import { manualCommands } from './manual-commands.ts'
import { startCommandFor } from './start-command.ts'
import type { ShownSession } from './target-engine.ts'

interface Needs {
  readonly engine: Pick<Engine, 'state' | 'session'>
  readonly environment: HostEnvironment
  readonly currentInstallation: () => DaemonInstallation
  readonly accessTo: (daemon: DaemonInstallation) => DaemonFileAccess
  /** Whether the window still shows the same session or, as before, none. */
  readonly isStillShown: (session: ShownSession) => boolean
  /** Resolves once an interrupted change has been undone. */
  readonly settled: () => Promise<void>
  /** Starts the job that replaces the file. */
  readonly startMend: (mend: Mend) => ReturnType<Handlers<'daemon-config'>['daemon-config.mend']>
}

export interface Mend {
  readonly file: string
  readonly access: DaemonFileAccess
  /** The faulty text. */
  readonly before: FileContent
  readonly restarts: boolean
  /** The mirrors of the mended file. */
  readonly mirrors: readonly string[]
  readonly request: Pick<MirrorChangeRequest, 'steps' | 'mirrors' | 'write' | 'allowEngineDown'>
}

/** Docker is down. After other failures, such as a timeout, it may run. */
const downCodes: ReadonlySet<FailureCode> = new Set<FailureCode>(['engine-stopped', 'engine-not-found'])

/** A repair, with the session, if any, that the window showed. `mend` is absent if the helper cannot make it. */
interface Plan {
  readonly repair: FileRepair
  readonly session: ShownSession
  readonly oldHash: string
  readonly mend?: Mend
}

export function repairHandlers(needs: Needs) {
  const { engine, environment, currentInstallation, accessTo, isStillShown, settled, startMend } = needs
  /** The only plan that can be applied. It stays until a newer check ends. */
  let stored: Plan | undefined
  let latestRequest = 0

  /** Whether the engine runs or is down; undefined if it is not reached for another reason. */
  function engineState(): 'running' | 'down' | undefined {
    const state = engine.state()
    if (state.status === 'connected') return 'running'
    return state.status === 'away' && downCodes.has(state.failure.code) ? 'down' : undefined
  }

  /** @returns undefined if Docker may run without an answer, or its file is missing or not on this computer */
  async function planFor(withPassword: boolean): Promise<Result<Plan | undefined>> {
    const daemon = currentInstallation()
    const { file, installation } = daemon
    const [state, session] = [engineState(), engine.session()]
    if (file === undefined || state === undefined) return ok(undefined)
    const isRunning = state === 'running'
    const access = accessTo(daemon)
    await settled()
    const unsafePath = access.method === 'commands' ? undefined : await findUnsafePath(daemon)
    let read = await access.read()
    if (isReadDenied(read)) {
      if (unsafePath !== undefined)
        return fail({ code: 'daemon-file-folder-unsafe', folder: unsafePath, state: 'untouched' })
      const helper = access.method === 'root-helper'
      if (!withPassword || !helper) return fail({ code: 'daemon-file-needs-password', file, helper })
      read = await access.readThroughHelper()
    }
    if (!read.ok) return read
    const { text, hash: oldHash } = read.value
    if (text === undefined || oldHash === undefined) return ok(undefined)
    const start = isRunning ? undefined : startCommandFor(installation)
    const { isMasked = false, fault } = read.value
    const repairPlan = planRepair(text, await readDockerdFacts(daemon, environment))
    const plan = isMasked ? maskedRepairPlan(repairPlan, fault) : repairPlan
    const after = plan.change?.after
    // In a folder that others can change, `sudo tee` could write through a link of theirs.
    const commands =
      after === undefined || unsafePath !== undefined
        ? undefined
        : await manualCommands(daemon, access, { before: read.value, after, start })
    const method = unsafePath === undefined ? access.method : 'commands'
    const repair: FileRepair = {
      ...{ id: randomUUID(), file, isRunning, installation, plan, method },
      ...(unsafePath !== undefined && { unsafePath }),
      ...(start !== undefined && { start }),
      ...(commands !== undefined && { commands }),
      ...(plan.faults.length > 0 &&
        start !== undefined && { withoutFile: commandsWithoutFile({ file, oldHash, installation, start }) }),
    }
    const hasMend = after !== undefined && plan.isMend && method !== 'commands'
    return ok({
      ...{ repair, session, oldHash },
      ...(hasMend && { mend: mendOf({ file, access, before: read.value, installation }, after) }),
    })
  }

  const handlers: Pick<Handlers<'daemon-config'>, 'daemon-config.check' | 'daemon-config.mend'> = {
    async 'daemon-config.check'({ withPassword }) {
      const request = ++latestRequest
      const planned = await planFor(withPassword)
      if (request !== latestRequest) return fail({ code: 'plan-unknown' })
      const next = planned.ok ? planned.value : undefined
      // The window may show the stored plan's button, or have sent its id.
      const id = next && stored && isSamePlan(next, stored) ? stored.repair.id : next?.repair.id
      stored = next && id !== undefined ? { ...next, repair: { ...next.repair, id } } : undefined
      return planned.ok ? ok(stored?.repair) : planned
    },
    'daemon-config.mend'(id) {
      if (stored?.repair.id !== id || !stored.mend) return fail({ code: 'plan-unknown' })
      const { mend, repair, session } = stored
      stored = undefined
      const isCurrent =
        engineState() === (repair.isRunning ? 'running' : 'down') &&
        isStillShown(session) &&
        currentInstallation().file === repair.file
      return isCurrent ? startMend(mend) : fail({ code: 'plan-outdated' })
    },
  }
  return handlers
}

const isSamePlan = (a: Plan, b: Plan) =>
  a.oldHash === b.oldHash &&
  a.repair.file === b.repair.file &&
  a.repair.plan.change?.after === b.repair.plan.change?.after &&
  a.repair.isRunning === b.repair.isRunning &&
  (a.session.ok ? b.session.ok && a.session.value === b.session.value : !b.session.ok)

function mendOf(
  { file, access, before, installation }: Pick<Mend, 'file' | 'access' | 'before'> & Pick<FileRepair, 'installation'>,
  newText: string,
): Mend {
  const mended = readDaemonFile(newText)
  const mirrors = mended.ok ? mended.settings.mirrors : []
  return {
    ...{ file, access, before, mirrors, restarts: installation === 'snap' },
    request: {
      steps: planSteps(access.method, false),
      mirrors: () => mirrors,
      allowEngineDown: true,
      write: (helper) => helper.mend({ oldHash: before.hash, newText }),
    },
  }
}
