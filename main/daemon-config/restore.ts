/** Lists backups of daemon.json and plans their restore: of the mirrors alone, or of a whole file that is not JSON. */
import { isRestoredWhole, needsCommands, planWholeRestore, restorePlan } from '../../model/daemon-config/restore.ts'
import {
  fail,
  ok,
  type DaemonBackup,
  type Failure,
  type Handlers,
  type MirrorChange,
} from '../../preload/contract/index.ts'
import type { HostEnvironment } from '../engine/index.ts'
import type { JobContext } from '../jobs/index.ts'
import type { DaemonFileAccess } from './access.ts'
import { changeMirrors, type MirrorChangeRequest } from './change.ts'
import type { DaemonInstallation } from './environment.ts'
import { manualRestoreCommands } from './manual-commands.ts'
import { startCommandFor } from './start-command.ts'
import type { StoredPlan } from './stored-plan.ts'
import type { TargetEngine } from './target-engine.ts'

interface Needs {
  readonly environment: HostEnvironment
  readonly currentInstallation: () => DaemonInstallation
  readonly accessTo: (daemon: DaemonInstallation) => DaemonFileAccess
  /** Slipway's changes of a file. */
  readonly changesOf: (file: string | undefined) => readonly MirrorChange[]
  readonly plan: Handlers<'daemon-config'>['daemon-config.plan']
  /** The only plan that can be applied. */
  readonly storedPlan: () => StoredPlan | undefined
  readonly replaceStoredPlan: (plan: StoredPlan) => void
}

export function restoreHandlers(needs: Needs) {
  const { environment, currentInstallation, accessTo, changesOf, plan, storedPlan, replaceStoredPlan } = needs
  /** The backups of a file that the helper has listed. */
  let listed: { readonly file: string | undefined; readonly backups: readonly DaemonBackup[] } | undefined

  /** A backup that the window may know: one of a change, or one that the helper has listed. */
  function findBackup(file: string | undefined, hash: string): Pick<DaemonBackup, 'mirrors' | 'settings'> | undefined {
    const backup = listed?.file === file ? listed?.backups.find((backup) => backup.hash === hash) : undefined
    const change = changesOf(file).find(({ backup }) => backup === hash)
    return backup ?? (change && { mirrors: change.before, settings: change.settings })
  }

  const handlers: Pick<Handlers<'daemon-config'>, 'daemon-config.backups' | 'daemon-config.plan-restore'> = {
    async 'daemon-config.backups'() {
      const daemon = currentInstallation()
      const history = await accessTo(daemon).withHelper((helper) => helper.history())
      if (!history.ok) return history
      const backups = history.value
        .filter(({ valid }) => valid)
        .map(({ hash, time, mirrors, settings }) => ({ hash, time, mirrors: mirrors ?? [], settings: settings ?? [] }))
      listed = { file: daemon.file, backups }
      return ok(backups)
    },
    async 'daemon-config.plan-restore'({ hash, withPassword }) {
      const daemon = currentInstallation()
      const backup = findBackup(daemon.file, hash)
      if (!backup) return fail({ code: 'daemon-file-no-backup', state: 'untouched' })
      const planned = await plan({ mirrors: [...backup.mirrors], withPassword })
      if (!planned.ok) return planned
      const stored = storedPlan()
      if (stored?.shown.id !== planned.value.id) return fail({ code: 'plan-unknown' })
      const { shown, read, session, access } = stored
      const isWhole = isRestoredWhole(read.text)
      const restorable = restorePlan(shown.plan, { isWhole, isConnected: session.ok })
      const hasHelper = shown.method !== 'commands'
      const isByHand = read.hash !== undefined && needsCommands(restorable, { isWhole, hasHelper })
      const start = session.ok ? undefined : startCommandFor(daemon.installation)
      const restore = {
        ...{ ...shown, plan: restorable },
        ...(isWhole && { whole: planWholeRestore(read.fault ? undefined : read.text, backup.settings) }),
        ...(isByHand && {
          wholeByHand: await manualRestoreCommands(daemon, access, environment, {
            ...{ oldHash: read.hash, backup: hash, start },
          }),
        }),
      }
      if (storedPlan() !== stored) return fail({ code: 'plan-unknown' })
      replaceStoredPlan({ ...stored, shown: restore, ...(isWhole && { backup: hash, mirrors: backup.mirrors }) })
      return ok(restore)
    },
  }
  return handlers
}

interface Restore {
  readonly access: DaemonFileAccess
  /** The hash of the current file. */
  readonly oldHash: string | undefined
  /** The backup's hash. */
  readonly backup: string
  readonly steps: MirrorChangeRequest['steps']
}

/** @returns the failure, if any, and the mirrors of the restored file */
export async function restoreWhole(
  { access, oldHash, backup, steps }: Restore,
  job: JobContext,
  target: TargetEngine,
): Promise<{ readonly failure: Failure | undefined; readonly mirrors: readonly string[] }> {
  let mirrors: readonly string[] = []
  const failure = await changeMirrors(
    { open: (options) => access.open({ ...options, restoresWhole: true }), session: target.session },
    {
      steps,
      mirrors: () => mirrors,
      allowEngineDown: true,
      async write(helper) {
        const backups = await helper.history()
        if (!backups.ok) return backups
        mirrors = backups.value.find(({ hash }) => hash === backup)?.mirrors ?? []
        job.updateSubject({ mirrors: [...mirrors] })
        return helper.restore({ oldHash, hash: backup })
      },
    },
    job,
  )
  return { failure, mirrors }
}
