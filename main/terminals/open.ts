/** Opens a terminal on an existing container. */
import { shellLocale } from '../../model/terminals/locale.ts'
import { shellQuote } from '../../model/text/shell.ts'
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
  type TerminalStream,
} from '../engine/index.ts'
import type { TerminalInfo, Terminals } from './terminal-list.ts'

export async function openTerminal(
  session: EngineSession,
  terminals: Terminals,
  { container: id, kind, size }: Input<'terminals.open'>,
): Promise<Result<TerminalId>> {
  const inspected = await inspectContainer(session, id)
  if (!inspected) return fail({ code: 'container-gone' })
  if (kind !== 'logs' && !inspected.State.Running) return fail({ code: 'container-not-running' })
  const addTerminal = (terminalStream: TerminalStream, command: readonly string[]) =>
    terminals.add(session, terminalInfo(id, inspected, kind, command), terminalStream)
  const { Tty: tty, OpenStdin: stdin } = inspected.Config

  if (kind === 'logs') return ok(addTerminal(await followLogs(session, id, tty), []))
  if (kind === 'attach') {
    const terminalId = addTerminal(await attachTo(session, id, { tty, stdin, started: true }), programArgs(inspected))
    // A change of size makes a full-screen program redraw itself.
    await terminals.resize(terminalId, { ...size, rows: size.rows + 1 })
    await terminals.resize(terminalId, size)
    return ok(terminalId)
  }
  const [shell] = await shellsIn(session, id)
  if (!shell) return fail({ code: 'shell-missing' })
  const terminalId = addTerminal(await openShell(session, id, shell, shellLocale(inspected.Config.Env)), shell)
  await terminals.resize(terminalId, size)
  return ok(terminalId)
}

/** Starts a container. Attaches first so that no output is missed, as `docker start --attach --interactive` does. */
export async function startInTerminal(
  session: EngineSession,
  terminals: Terminals,
  { container: id, size }: Input<'terminals.start'>,
): Promise<Result<TerminalId>> {
  const inspected = await inspectContainer(session, id)
  if (!inspected) return fail({ code: 'container-gone' })
  if (inspected.State.Running) return openTerminal(session, terminals, { container: id, kind: 'attach', size })
  const { Tty: tty, OpenStdin: stdin } = inspected.Config
  const terminalStream = await attachTo(session, id, { tty, stdin, started: false })
  try {
    await startContainer(session, id)
  } catch (error) {
    terminalStream.stopWaitingForExit()
    terminalStream.stream.destroy()
    throw error
  }
  const terminalId = terminals.add(
    session,
    terminalInfo(id, inspected, 'attach', programArgs(inspected)),
    terminalStream,
  )
  await terminals.resize(terminalId, size)
  return ok(terminalId)
}

const programArgs = ({ Path, Args }: ContainerInspect) => [Path, ...Args]

const terminalInfo = (
  container: string,
  { Name, Config }: ContainerInspect,
  kind: Terminal['kind'],
  command: readonly string[],
): TerminalInfo => ({
  ...{ container, kind, name: Name.replace(/^\//, ''), reference: Config.Image },
  command: command.map(shellQuote).join(' '),
})
