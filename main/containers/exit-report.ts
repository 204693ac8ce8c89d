/** How a container ended: its exit code and the last lines of its output. */
import { fail, ok, type ExitReport, type Result } from '../../preload/contract/index.ts'
import { inspectContainer, readLastLines, demultiplexer, type EngineSession } from '../engine/index.ts'

const maxLines = 10
/** Limits the text even if its lines are very long. */
const maxCharacters = 4000

export async function readExitReport(session: EngineSession, container: string): Promise<Result<ExitReport>> {
  const inspected = await inspectContainer(session, container)
  if (!inspected) return fail({ code: 'container-gone' })
  const bytes = await readLastLines(session, container, maxLines)
  const text = (inspected.Config.Tty ? bytes : demultiplexer()(bytes)).toString()
  return ok({ exitCode: inspected.State.ExitCode, lines: text.slice(-maxCharacters).trimEnd() })
}
