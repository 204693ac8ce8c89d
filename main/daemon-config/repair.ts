/** Finds what in daemon.json keeps Docker from starting, and mends the file while Docker is down. */
import { randomUUID } from 'node:crypto'
import { commandsWithoutFile } from '../../model/daemon-config/commands.ts'
import { readDaemonFile } from '../../model/daemon-config/file.ts'
import { planRepair } from '../../model/daemon-config/repair.ts'
import { fail, ok, type FileRepair, type Handlers } from '../../preload/contract/index.ts'
import type { Engine, HostEnvironment } from '../engine/index.ts'
import { isReadDenied, type DaemonFileAccess } from './access.ts'
import { planSteps, type MirrorChangeRequest } from './change.ts'
import { readDockerdFacts } from './dockerd-facts.ts'
import type { DaemonInstallation } from './environment.ts'
import { manualCommands } from './manual-commands.ts'
import { startCommandFor } from './start-command.ts'

interface Needs {
  readonly engine: Pick<Engine, 'state'>
  readonly environment: HostEnvironment
  readonly currentInstallation: () => DaemonInstallation
  readonly accessTo: (daemon: DaemonInstallation) => DaemonFileAccess
  /** Resolves once an interrupted change has been undone. */
  readonly settled: () => Promise<void>
  /** Starts the job that replaces the file. */
  readonly startMend: (mend: Mend) => ReturnType<Handlers<'daemon-config'>['daemon-config.mend']>
}

export interface Mend {
  readonly file: string
  readonly access: DaemonFileAccess
  /** The mirrors of the mended file. */
  readonly mirrors: readonly string[]
  readonly request: Pick<MirrorChangeRequest, 'steps' | 'mirrors' | 'write' | 'allowEngineDown'>
}

/** The engine is not reached for another reason than that it is down. */
const isReachable = new Set([
  'engine-permission',
  'engine-too-old',
  'engine-refused',
  'context-unknown',
  'context-unreadable',
  'address-unusable',
])

export function repairHandlers(needs: Needs) {
  const { engine, environment, currentInstallation, accessTo, settled, startMend } = needs
  /** The only repair that can be applied. */
  let stored: { readonly repair: FileRepair; readonly mend: Mend } | undefined

  const handlers: Pick<Handlers<'daemon-config'>, 'daemon-config.check' | 'daemon-config.mend'> = {
    async 'daemon-config.check'({ withPassword }) {
      stored = undefined
      const daemon = currentInstallation()
      const { file, installation } = daemon
      const state = engine.state()
      if (file === undefined || state.status !== 'away' || isReachable.has(state.failure.code)) return ok(undefined)
      const access = accessTo(daemon)
      await settled()
      let read = await access.read()
      if (isReadDenied(read)) {
        const helper = access.method === 'root-helper'
        if (!withPassword || !helper) return fail({ code: 'daemon-file-needs-password', file, helper })
        read = await access.readThroughHelper()
      }
      if (!read.ok) return read
      const { text, hash: oldHash } = read.value
      if (text === undefined || oldHash === undefined) return ok(undefined)
      const start = startCommandFor(installation)
      const plan = planRepair(text, await readDockerdFacts(daemon, environment))
      const after = plan.change?.after
      // A text that only an administrator can read must not get into the clipboard.
      const commands =
        after === undefined || withPassword
          ? undefined
          : await manualCommands(daemon, access, { before: read.value, after, start })
      const repair: FileRepair = {
        ...{ id: randomUUID(), file, installation, plan, method: access.method },
        ...(start !== undefined && { start }),
        ...(commands !== undefined && { commands }),
        ...(plan.faults.length > 0 &&
          start !== undefined && { withoutFile: commandsWithoutFile({ file, oldHash, installation, start }) }),
      }
      if (after !== undefined && plan.isMend)
        stored = { repair, mend: mendOf({ file, access }, { oldHash, newText: after }) }
      return ok(repair)
    },
    'daemon-config.mend'(id) {
      if (stored?.repair.id !== id || stored.repair.method === 'commands') return fail({ code: 'plan-unknown' })
      const { mend } = stored
      stored = undefined
      return startMend(mend)
    },
  }
  return handlers
}

function mendOf(
  { file, access }: Pick<Mend, 'file' | 'access'>,
  { oldHash, newText }: { readonly oldHash: string; readonly newText: string },
): Mend {
  const mended = readDaemonFile(newText)
  const mirrors = mended.ok ? mended.settings.mirrors : []
  return {
    ...{ file, access, mirrors },
    request: {
      steps: planSteps(access.method, false),
      mirrors: () => mirrors,
      allowEngineDown: true,
      write: (helper) => helper.mend({ oldHash, newText }),
    },
  }
}
