/** Puts a backup in the place of daemon.json. The engine may be down, perhaps because of the current file. */
import { readDaemonFile } from '../../model/daemon-config/file.ts'
import type { Failure } from '../../preload/contract/index.ts'
import type { JobContext } from '../jobs/index.ts'
import { contentOf, type DaemonFileAccess, type FileContent } from './access.ts'
import { changeMirrors, type MirrorChangeRequest } from './change.ts'
import type { TargetEngine } from './target-engine.ts'

interface Restore {
  readonly access: DaemonFileAccess
  /** The backup's hash. */
  readonly hash: string
  readonly steps: MirrorChangeRequest['steps']
}

interface Restored {
  readonly failure: Failure | undefined
  /** The mirrors of the file before and after. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Undefined if it could not be read. */
  readonly replaced: FileContent | undefined
}

export async function restoreBackup(
  { access, hash, steps }: Restore,
  job: JobContext,
  target: TargetEngine,
): Promise<Restored> {
  const read = await access.read()
  let current = read.ok ? read.value : undefined
  let mirrors: readonly string[] = []
  const failure = await changeMirrors(
    { open: access.open, session: target.session },
    {
      steps,
      mirrors: () => mirrors,
      allowEngineDown: true,
      async write(helper) {
        const backups = await helper.history()
        if (!backups.ok) return backups
        mirrors = backups.value.find((backup) => backup.hash === hash)?.mirrors ?? []
        job.updateSubject({ mirrors: [...mirrors] })
        if (!current) {
          const answer = await helper.read()
          if (!answer.ok) return answer
          current = contentOf(answer.value)
        }
        return helper.restore({ oldHash: current.hash, hash })
      },
    },
    job,
  )
  const previous = readDaemonFile(current?.text)
  const before = previous.ok ? previous.settings.mirrors : []
  return { failure, before, after: mirrors, replaced: current }
}
