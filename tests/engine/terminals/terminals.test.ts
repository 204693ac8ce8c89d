import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { outputBound } from '../../../main/terminals/output.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'
import { anyEngine, matrix } from '../matrix.ts'
import { openRunner, useRunner, value, type Runner } from '../run/runner.ts'

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let runner: Runner
  useRunner(wish, (here) => void ({ engine, runner } = here))

  const ended = async (id: string) => {
    await eventually(() => runner.terminal(id)?.state.is === 'ended', 20_000)
    return runner.terminal(id)!.state
  }
  const exit = (exitCode: number) => ({ is: 'ended', reason: 'exit', exitCode })
  async function interactive(command: string, more: Parameters<Runner['started']>[1] = {}, image = 'box:1') {
    const { container, terminal } = await runner.started(image, { command, ...more })
    return { container, id: terminal! }
  }
  const running = async (container: string) => {
    const { Processes } = (await engine.docker.getContainer(container).top()) as { Processes: string[][] }
    return Processes.map((line) => line.at(-1))
  }

  test('busybox: type, see, resize, interrupt, end', async () => {
    const { container, id } = await interactive('/bin/sh', { name: 'box' })
    expect(runner.terminal(id)).toMatchObject({
      ...{
        kind: 'attach',
        name: 'box',
        reference: 'box:1',
        command: '/bin/sh',
        readOnly: false,
        state: { is: 'open' },
      },
    })
    const screen = runner.window().show(id)
    await screen.shows('/ # ')
    runner.type(id, 'echo "你好, $((6 * 7))"\r')
    await screen.shows('你好, 42')
    runner.type(id, 'stty size\r')
    await screen.shows('24 80\r\n')
    await runner.calls['terminals.resize']({ id, columns: 100, rows: 30 })
    runner.type(id, 'stty size\r')
    await screen.shows('30 100\r\n')
    runner.type(id, 'sleep 1000; echo slept $?\r')
    await eventually(async () => (await running(container)).includes('sleep 1000'))
    runner.type(id, '\x03')
    await screen.shows('^C')
    // Ctrl+P is the shell's own: it is not held back as the first half of Docker's way out.
    runner.type(id, 'echo again\r')
    await screen.shows('\r\nagain\r\n')
    runner.type(id, '\x10')
    await screen.shows(/again\r\n[^]*# [^]*# echo again[^\n]*$/)
    // Nor is Ctrl+Space, which is Emacs' mark.
    runner.type(id, '\x15stty raw -echo; head -c 3 | od -A n -t x1; stty sane\r')
    await eventually(async () => (await running(container)).includes('od -A n -t x1'))
    for (const _ of [1, 2, 3]) runner.type(id, '\0')
    await screen.shows('00 00 00')
    runner.type(id, 'exit 7\r')
    expect(await ended(id)).toEqual(exit(7))
  })

  test('a container that exits at once shows its exit code and its last lines', async () => {
    const { id } = await interactive('', {}, 'ends-at-once:1')
    expect(await ended(id)).toEqual(exit(3))
    expect(runner.window().show(id).text).toContain('cannot find its configuration')

    const removed = await interactive('', { removeAtEnd: true }, 'ends-at-once:1')
    expect(await ended(removed.id)).toEqual(exit(3))
    expect(runner.window().show(removed.id).text).toContain('cannot find its configuration')

    const scratch = await interactive('', {}, 'scratch:1')
    expect(await ended(scratch.id)).toEqual(exit(0))
    expect(runner.window().show(scratch.id).text).toBe('hello from scratch\r\n')
  })

  test.runIf(wish === anyEngine)(
    'an image that is said to be for another processor, and runs, is seen from its first word on',
    async () => {
      const { id } = await interactive('/bin/sh', {}, 'emulated:1')
      const screen = runner.window().show(id)
      await screen.shows('/ # ')
      runner.type(id, 'echo $((6 * 7)); exit 7\r')
      await screen.shows('\r\n42\r\n')
      expect(await ended(id)).toEqual(exit(7))

      const lines = 200_000
      const much = await interactive(`seq ${lines}`, {}, 'emulated:1')
      const all = runner.window().show(much.id)
      expect(await ended(much.id)).toEqual(exit(0))
      expect(all.text.split('\r\n')).toEqual([...Array.from({ length: lines }, (_, at) => `${at + 1}`), ''])
    },
  )

  test('what ends at once is started again with all that it says', async () => {
    const { container, id } = await interactive('', {}, 'ends-at-once:1')
    await ended(id)
    const size = { columns: 80, rows: 24 }
    const again = value(await runner.calls['terminals.start']({ container, size }))
    expect(await ended(again)).toEqual(exit(3))
    expect(runner.window().show(again).text).toContain('cannot find its configuration')
    const gone = await runner.calls['terminals.start']({ container: '0'.repeat(64), size })
    expect(gone).toEqual({ ok: false, error: { code: 'container-gone' } })
  })

  test('10 MB come whole to a window that is slow, and the program waits for it', async () => {
    const size = 10_000_000
    // It says how far it has come on another way than the terminal.
    const { container, id } = await interactive(`sh -c "yes 0123456789abcde | head -c ${size}; echo; exec hold"`)
    const window = runner.window()
    const idle = window.show(id, false)
    const most = idle.end + outputBound
    await eventually(() => idle.end >= most)
    // No more arrives: the program is paused, and main's memory does not grow.
    let [before, now] = [0, await writtenBy(container)]
    await eventually(async () => {
      ;[before, now] = [now, await writtenBy(container)]
      return before === now
    })
    expect(now).toBeLessThan(size / 2)
    expect(idle.end).toBe(most)

    const screen = window.show(id)
    expect(screen.end).toBeGreaterThanOrEqual(idle.end)
    // A line is 16 bytes and becomes 17: a terminal ends lines so.
    const whole = (size / 16) * 17 + 2
    await eventually(() => screen.end === whole, 60_000)
    expect(screen.text.startsWith('0123456789abcde\r\n')).toBe(true)
    expect(screen.text.endsWith('0123456789abcde\r\n\r\n')).toBe(true)
    expect(screen.text.replaceAll('0123456789abcde\r\n', '')).toBe('\r\n')
  })

  /** How many bytes one of its programs has written at most, as the kernel tells. */
  async function writtenBy(container: string): Promise<number> {
    const { Processes, Titles } = await engine.docker.getContainer(container).top()
    const pids: string[] = Processes.map((line: string[]) => line[Titles.indexOf('PID')])
    const written = (pid: string) => /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]
    return Math.max(...pids.map((pid) => Number(written(pid))))
  }

  test.runIf(wish === anyEngine)('random bytes arrive unchanged', async () => {
    const { id } = await interactive('sh -c "stty raw; head -c 3000000 /dev/urandom | tee /copy; sha256sum /copy"')
    const screen = runner.window().show(id)
    expect(await ended(id)).toEqual(exit(0))
    await eventually(() => /[0-9a-f]{64} {2}\/copy\s*$/.test(screen.text.slice(-100)))
    const told = /([0-9a-f]{64}) {2}\/copy\s*$/.exec(screen.text.slice(-100))![1]
    expect(createHash('sha256').update(screen.all.subarray(0, 3_000_000)).digest('hex')).toBe(told)
  })

  test.runIf(wish === anyEngine)('a character that arrives in two pieces is shown as one', async () => {
    const { id } = await interactive(`sh -c "printf '\\\\344\\\\275'; sleep 0.2; printf '\\\\240\\\\n'"`)
    const screen = runner.window().show(id)
    await ended(id)
    await screen.shows('你'.replace('你', '\u4f60'))
  })

  test('a window that is loaded anew gets its three terminals back, in the middle of what they say', async () => {
    const count = 'sh -c "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i + 1)); done; exec hold"'
    const { container, id } = await interactive(count)
    const shell = await runner.open(container, 'shell')
    const logs = await runner.open(container, 'logs')
    const before = runner.window()
    // It never takes anything, and is gone.
    const screens = [id, shell, logs].map((one) => before.show(one, false))
    await eventually(() => screens[0]!.end > 100_000)

    const list = runner.calls['terminals.list'](undefined)
    expect(list).toMatchObject({ value: [{ kind: 'attach' }, { kind: 'shell' }, { kind: 'logs', readOnly: true }] })
    const window = runner.window()
    const [attached, beside, said] = [id, shell, logs].map((one) => window.show(one))
    await attached!.shows('line 59999\r\n')
    await said!.shows('line 59999\r\n')
    const numbers = attached!.text.match(/^line \d+\r$/gm)!.map((line) => Number(line.slice(5)))
    expect(numbers).toEqual(numbers.map((_, at) => numbers[0]! + at))
    runner.type(shell, 'echo beside $((1 + 1))\r')
    await beside!.shows('beside 2')
    runner.type(logs, 'nothing is written to logs')
    expect(runner.terminal(logs)?.state.is).toBe('open')
  })

  test('closing a shell hangs it up, with what runs in it; closing a container’s own terminal lets it run', async () => {
    const { container, id } = await interactive('hold')
    const shell = await runner.open(container, 'shell')
    const screen = runner.window().show(shell)
    expect(runner.terminal(shell)).toMatchObject({ command: '/bin/bash' })
    await screen.shows('# ')
    expect(screen.text).not.toMatch(/^\d+\r?$/m)
    runner.type(shell, 'sleep 5000\r')
    await eventually(async () => (await running(container)).includes('sleep 5000'))
    await runner.calls['terminals.close'](shell)
    await eventually(async () => !(await running(container)).some((line) => /sleep 5000|ash|-sh$/.test(line ?? '')))
    await runner.calls['terminals.close'](id)
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)
    expect(runner.calls['terminals.replay'](id)).toEqual({ ok: false, error: { code: 'terminal-gone' } })

    // A shell that exits by itself reports its exit code, and the container keeps running.
    const again = await runner.open(container, 'shell')
    await runner.window().show(again).shows('# ')
    runner.type(again, 'exit 5\r')
    expect(await ended(again)).toEqual(exit(5))
    const back = await runner.open(container, 'attach')
    expect(runner.terminal(back)).toMatchObject({ state: { is: 'open' }, readOnly: false })
    await engine.docker.getContainer(container).stop()
    expect(await ended(back)).toEqual(exit(0))
  })

  test.runIf(wish === anyEngine)('closing a shell that has ended hangs up nobody who has its number now', async () => {
    const { container } = await interactive('sleep 8000')
    const shell = async () => {
      const id = await runner.open(container, 'shell')
      const screen = runner.window().show(id, false)
      await screen.shows('# ')
      return { id, screen }
    }
    const old = await shell()
    // So much that nobody takes that its end is not heard of.
    runner.type(old.id, 'yes\r')
    await eventually(() => old.screen.end >= outputBound)
    await engine.docker.getContainer(container).restart({ t: 0 })
    const fresh = await shell()
    await runner.calls['terminals.close'](old.id)
    runner.type(fresh.id, 'sleep 1; echo still $((40 + 2))\r')
    await fresh.screen.shows('still 42')
    expect(runner.terminal(fresh.id)?.state).toEqual({ is: 'open' })
  })

  test.runIf(wish === anyEngine)('a shell that cannot be run says why', async () => {
    const { container } = await interactive('sh -c "chmod -x /bin/bash; exec sleep 7000"')
    await eventually(async () => (await running(container)).includes('sleep 7000'))
    const shell = await runner.open(container, 'shell')
    expect(await ended(shell)).toMatchObject({ reason: 'exit', exitCode: 126 })
    expect(runner.window().show(shell).text).toContain('permission denied')
  })

  test('the end of the app hangs up its shells, and nothing else', async () => {
    const { container } = await interactive('hold')
    const other = await openRunner(engine)
    const shell = await other.open(container, 'shell')
    await other.window().show(shell).shows('# ')
    other.type(shell, 'sleep 6000\r')
    await eventually(async () => (await running(container)).includes('sleep 6000'))
    await other.stop()
    await eventually(async () => !(await running(container)).includes('sleep 6000'))
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)
  })

  test('a container without a shell has none to open, one that has ended its logs', async () => {
    const { container } = await runner.started('scratch:1', { interactive: false })
    await eventually(async () => !(await engine.docker.getContainer(container).inspect()).State.Running)
    const size = { columns: 80, rows: 24 }
    const refused = async (container: string, kind: 'shell' | 'attach') =>
      runner.calls['terminals.open']({ container, kind, size })
    for (const kind of ['shell', 'attach'] as const)
      expect(await refused(container, kind)).toEqual({ ok: false, error: { code: 'container-not-running' } })
    const logs = await runner.open(container, 'logs')
    expect(await ended(logs)).toEqual(exit(0))
    expect(runner.window().show(logs).text).toBe('hello from scratch\r\n')
    const { id: never } = await engine.docker.createContainer({ Image: 'box:1' })
    expect(await ended(await runner.open(never, 'logs'))).toEqual({ is: 'ended', reason: 'exit' })
    expect(await refused('0'.repeat(64), 'shell')).toEqual({ ok: false, error: { code: 'container-gone' } })
  })

  test('logs are the last thousand lines, and what follows', async () => {
    const { container } = await runner.started('box:1', {
      interactive: false,
      command: 'sh -c "seq 1 3000; while [ ! -e /go ]; do sleep 0.05; done; echo 最后; exec hold"',
    })
    await eventually(async () =>
      (await engine.docker.getContainer(container).logs({ stdout: true })).includes('3000\n'),
    )
    const logs = await runner.open(container, 'logs')
    const screen = runner.window().show(logs)
    await screen.shows('\r\n3000\r\n')
    expect(screen.text.startsWith('2001\r\n')).toBe(true)
    const exec = await engine.docker.getContainer(container).exec({ Cmd: ['touch', '/go'] })
    await exec.start({ Detach: true })
    await screen.shows('\r\n3000\r\n最后\r\n')
  })

  test.runIf(wish === anyEngine)('terminals stay open and usable while the window shows another engine', async () => {
    const { container, id } = await interactive('/bin/sh')
    const shell = await runner.open(container, 'shell')
    const screen = runner.window().show(shell)
    await screen.shows('# ')
    value(await runner.engine.handlers['engine.switch']('elsewhere'))
    await eventually(() => runner.engine.state().status === 'away')
    runner.type(shell, 'echo still $((1 + 1))\r')
    await screen.shows('still 2')
    for (const one of [id, shell]) expect(runner.terminal(one)?.state).toEqual({ is: 'open' })
    value(await runner.engine.handlers['engine.switch']('default'))
    await eventually(() => runner.engine.state().status === 'connected')
    expect(await running(container)).toHaveLength(2)
    const third = await runner.open(container, 'attach')
    expect(runner.terminal(third)?.state).toEqual({ is: 'open' })
  })

  // The last: the engine is not there any more.
  test('if the engine dies, its terminals end and say so', async () => {
    const { container, id } = await interactive('/bin/sh')
    const shell = await runner.open(container, 'shell')
    const logs = await runner.open(container, 'logs')
    const screen = runner.window().show(id)
    runner.type(id, 'echo before $((1 + 1))\r')
    await screen.shows('before 2')
    await engine.kill()
    for (const one of [id, shell, logs]) expect(await ended(one)).toEqual({ is: 'ended', reason: 'engine-gone' })
    expect(runner.window().show(id).text).toContain('before 2')
    runner.type(id, 'nobody reads this')
    await engine.restart().catch(() => engine.restart())
    await eventually(() => runner.engine.state().status === 'connected', 30_000)
  })
})
