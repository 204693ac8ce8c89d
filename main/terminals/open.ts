/** A terminal is opened on a container that is there. */
import { quoted } from '../../model/text/shell.ts'
import { fail, ok, type Input, type Result, type Terminal, type TerminalId } from '../../preload/contract/index.ts'
import {
  attachTo,
  followLogs,
  inspectContainer,
  openShell,
  shellsIn,
  startContainer,
  type ContainerInspect,
  type EngineSession,
  type Line,
} from '../engine/index.ts'
import type { About, Terminals } from './book.ts'

export async function openTerminal(
  session: EngineSession,
  terminals: Terminals,
  { container: id, kind, size }: Input<'terminals.open'>,
): Promise<Result<TerminalId>> {
  const found = await inspectContainer(session, id)
  if (!found) return fail({ code: 'container-gone' })
  if (kind !== 'logs' && !found.State.Running) return fail({ code: 'container-not-running' })
  const add = (line: Line, command: readonly string[]) =>
    terminals.add(session, aboutOf(id, found, kind, command), line)
  const { Tty: tty, OpenStdin: stdin } = found.Config

  if (kind === 'logs') return ok(add(await followLogs(session, id, tty), []))
  if (kind === 'attach') {
    const terminal = add(await attachTo(session, id, { tty, stdin, started: true }), programOf(found))
    // Another size than before makes what fills the screen draw itself again.
    await terminals.resize(terminal, { ...size, rows: size.rows + 1 })
    await terminals.resize(terminal, size)
    return ok(terminal)
  }
  const [shell] = await shellsIn(session, id)
  if (!shell) return fail({ code: 'shell-missing' })
  const terminal = add(await openShell(session, id, shell), shell)
  await terminals.resize(terminal, size)
  return ok(terminal)
}

/** As `docker start --attach --interactive` does. */
export async function startInTerminal(
  session: EngineSession,
  terminals: Terminals,
  { container: id, size }: Input<'terminals.start'>,
): Promise<Result<TerminalId>> {
  const found = await inspectContainer(session, id)
  if (!found) return fail({ code: 'container-gone' })
  if (found.State.Running) return openTerminal(session, terminals, { container: id, kind: 'attach', size })
  const { Tty: tty, OpenStdin: stdin } = found.Config
  const line = await attachTo(session, id, { tty, stdin, started: false })
  try {
    await startContainer(session, id)
  } catch (error) {
    line.leave()
    line.stream.destroy()
    throw error
  }
  const terminal = terminals.add(session, aboutOf(id, found, 'attach', programOf(found)), line)
  await terminals.resize(terminal, size)
  return ok(terminal)
}

const programOf = ({ Path, Args }: ContainerInspect) => [Path, ...Args]

const aboutOf = (
  container: string,
  { Name, Config }: ContainerInspect,
  kind: Terminal['kind'],
  command: readonly string[],
): About => ({
  ...{ container, kind, name: Name.replace(/^\//, ''), reference: Config.Image },
  command: command.map(quoted).join(' '),
})
