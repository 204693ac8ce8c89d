/** A terminal is opened on a container that is there. */
import type Docker from 'dockerode'
import { quoted } from '../../model/shell.ts'
import { fail, ok, type Input, type Result, type TerminalId } from '../../preload/contract/index.ts'
import { inspect } from './about.ts'
import { attachTo, followLogs, openShell, type Line } from './lines.ts'
import { shellsIn } from './shells.ts'
import type { Terminals } from './terminals.ts'

export async function openTerminal(
  docker: Docker,
  terminals: Terminals,
  { container: id, kind, size }: Input<'terminals.open'>,
): Promise<Result<TerminalId>> {
  const container = docker.getContainer(id)
  const found = await inspect(docker, id)
  if (!found) return fail({ code: 'container-gone' })
  const started = found.State.Running
  if (kind === 'shell' && !started) return fail({ code: 'container-not-running' })
  const { Tty: tty, OpenStdin: stdin, Image: reference } = found.Config
  const about = { container: id, name: found.Name.replace(/^\//, ''), reference, kind }
  const add = (line: Line, command: readonly string[]) =>
    terminals.add({ ...about, command: command.map(quoted).join(' ') }, line)

  if (kind === 'logs') return ok(add(await followLogs(container, tty), []))
  if (kind === 'attach') {
    const line = await attachTo(container, { tty, stdin, started })
    if (!started) await start(container, line)
    const terminal = add(line, [found.Path, ...found.Args])
    // Another size than before makes what fills the screen draw itself again.
    await terminals.resize(terminal, { ...size, rows: size.rows + 1 })
    await terminals.resize(terminal, size)
    return ok(terminal)
  }
  const [shell] = await shellsIn(container)
  if (!shell) return fail({ code: 'shell-missing' })
  const terminal = add(await openShell(container, shell), shell)
  await terminals.resize(terminal, size)
  return ok(terminal)
}

/** What it says first is heard, too, and what ends at once is not missed. */
async function start(container: Docker.Container, line: Line) {
  try {
    await container.start()
  } catch (error) {
    line.leave()
    line.stream.destroy()
    throw error
  }
}
