/** How a container ended: its exit code, and the last that it said. */
import { fail, ok, type ContainerEnding, type Result } from '../../preload/contract/index.ts'
import { inspectContainer, readLastLines, unframed, type EngineSession } from '../engine/index.ts'

const lastLines = 10
/** Somebody may say much in ten lines. */
const maxCharacters = 4000

export async function endingOf(session: EngineSession, container: string): Promise<Result<ContainerEnding>> {
  const found = await inspectContainer(session, container)
  if (!found) return fail({ code: 'container-gone' })
  const bytes = await readLastLines(session, container, lastLines)
  const text = (found.Config.Tty ? bytes : unframed()(bytes)).toString()
  return ok({ exitCode: found.State.ExitCode, lines: text.slice(-maxCharacters).trimEnd() })
}
