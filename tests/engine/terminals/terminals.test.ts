import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { maxUnacknowledgedBytes } from '../../../main/terminals/output.ts'
import { maxTerminals } from '../../../main/terminals/terminal-list.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'
import { anyEngine, matrix } from '../matrix.ts'
import { openRunner, useRunner, valueOf, type Runner } from '../run/runner.ts'

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let runner: Runner
  useRunner(engineOptions, (started) => void ({ engine, runner } = started))

  const waitForEnd = async (id: string) => {
    await eventually(() => runner.terminal(id)?.state.status === 'ended', 20_000)
    return runner.terminal(id)!.state
  }
  const endedWith = (exitCode: number) => ({ status: 'ended', reason: 'exit', exitCode })
  async function runInteractive(command: string, options: Parameters<Runner['start']>[1] = {}, image = 'box:1') {
    const { container, terminal } = await runner.start(image, { command, ...options })
    return { container, id: terminal! }
  }
  /** The command line of every process in the container. */
  const listProcesses = async (container: string) => {
    const { Processes } = (await engine.docker.getContainer(container).top()) as { Processes: string[][] }
    return Processes.map((line) => line.at(-1))
  }

  test('a shell receives text, new sizes, Ctrl+C, Ctrl+P and Ctrl+Space, and its exit code is shown', async () => {
    const { container, id } = await runInteractive('/bin/sh', { name: 'box' })
    expect(runner.terminal(id)).toMatchObject({
      ...{
        kind: 'attach',
        name: 'box',
        reference: 'box:1',
        command: '/bin/sh',
        readOnly: false,
        state: { status: 'open' },
      },
    })
    const screen = runner.window().show(id)
    await screen.waitForText('/ # ')
    runner.type(id, 'echo "你好, $((6 * 7))"\r')
    await screen.waitForText('你好, 42')
    runner.type(id, 'stty size\r')
    await screen.waitForText('24 80\r\n')
    await runner.calls['terminals.resize']({ id, columns: 100, rows: 30 })
    runner.type(id, 'stty size\r')
    await screen.waitForText('30 100\r\n')
    runner.type(id, 'sleep 1000; echo slept $?\r')
    await eventually(async () => (await listProcesses(container)).includes('sleep 1000'))
    runner.type(id, '\x03')
    await screen.waitForText('^C')
    // Ctrl+P reaches the shell, although it is the first key of Docker's detach sequence.
    runner.type(id, 'echo again\r')
    await screen.waitForText('\r\nagain\r\n')
    runner.type(id, '\x10')
    await screen.waitForText(/again\r\n[^]*# [^]*# echo again[^\n]*$/)
    // Ctrl+Space arrives as a NUL byte.
    runner.type(id, '\x15stty raw -echo; head -c 3 | od -A n -t x1; stty sane\r')
    await eventually(async () => (await listProcesses(container)).includes('od -A n -t x1'))
    for (const _ of [1, 2, 3]) runner.type(id, '\0')
    await screen.waitForText('00 00 00')
    runner.type(id, 'exit 7\r')
    expect(await waitForEnd(id)).toEqual(endedWith(7))
  })

  test('a container that exits at once shows its exit code and its last lines', async () => {
    const { id } = await runInteractive('', {}, 'ends-at-once:1')
    expect(await waitForEnd(id)).toEqual(endedWith(3))
    expect(runner.window().show(id).text).toContain('cannot find its configuration')

    const removed = await runInteractive('', { removeAtEnd: true }, 'ends-at-once:1')
    expect(await waitForEnd(removed.id)).toEqual(endedWith(3))
    expect(runner.window().show(removed.id).text).toContain('cannot find its configuration')

    const scratch = await runInteractive('', {}, 'scratch:1')
    expect(await waitForEnd(scratch.id)).toEqual(endedWith(0))
    expect(runner.window().show(scratch.id).text).toBe('hello from scratch\r\n')
  })

  test.runIf(engineOptions === anyEngine)(
    'a container of an image for an emulated platform runs, and its output is complete from the first byte',
    async () => {
      const { id } = await runInteractive('/bin/sh', {}, 'emulated:1')
      const screen = runner.window().show(id)
      await screen.waitForText('/ # ')
      runner.type(id, 'echo $((6 * 7)); exit 7\r')
      await screen.waitForText('\r\n42\r\n')
      expect(await waitForEnd(id)).toEqual(endedWith(7))

      const lines = 200_000
      const longOutput = await runInteractive(`seq ${lines}`, {}, 'emulated:1')
      const longScreen = runner.window().show(longOutput.id)
      expect(await waitForEnd(longOutput.id)).toEqual(endedWith(0))
      expect(longScreen.text.split('\r\n')).toEqual([
        ...Array.from({ length: lines }, (_, index) => `${index + 1}`),
        '',
      ])
    },
  )

  test('a container that exited at once can be started again, and the new terminal shows its output', async () => {
    const { container, id } = await runInteractive('', {}, 'ends-at-once:1')
    await waitForEnd(id)
    const size = { columns: 80, rows: 24 }
    const secondId = valueOf(await runner.calls['terminals.start']({ container, size }))
    expect(await waitForEnd(secondId)).toEqual(endedWith(3))
    expect(runner.window().show(secondId).text).toContain('cannot find its configuration')
    const missingContainer = await runner.calls['terminals.start']({ container: '0'.repeat(64), size })
    expect(missingContainer).toEqual({ ok: false, error: { code: 'container-gone' } })
  })

  test('a program is paused while the window acknowledges nothing, and all 10 MB of its output arrive later', async () => {
    const outputBytes = 10_000_000
    const { container, id } = await runInteractive(
      // `hold` runs until it is stopped (tools/world/runnable.ts).
      `sh -c "yes 0123456789abcde | head -c ${outputBytes}; echo; exec hold"`,
    )
    const window = runner.window()
    // This screen acknowledges nothing.
    const stalledScreen = window.show(id, false)
    const maxEnd = stalledScreen.end + maxUnacknowledgedBytes
    await eventually(() => stalledScreen.end >= maxEnd)
    // Once the program writes no more bytes, it is paused, and main's memory does not grow.
    let [before, now] = [0, await readWrittenBytes(container)]
    await eventually(async () => {
      ;[before, now] = [now, await readWrittenBytes(container)]
      return before === now
    })
    expect(now).toBeLessThan(outputBytes / 2)
    expect(stalledScreen.end).toBe(maxEnd)

    const screen = window.show(id)
    expect(screen.end).toBeGreaterThanOrEqual(stalledScreen.end)
    // A line of 16 bytes becomes 17, because a terminal replaces LF by CR LF.
    const totalBytes = (outputBytes / 16) * 17 + 2
    await eventually(() => screen.end === totalBytes, 60_000)
    expect(screen.text.startsWith('0123456789abcde\r\n')).toBe(true)
    expect(screen.text.endsWith('0123456789abcde\r\n\r\n')).toBe(true)
    expect(screen.text.replaceAll('0123456789abcde\r\n', '')).toBe('\r\n')
  })

  /** @returns the bytes written by the container's process that has written most, from the kernel's I/O counters */
  async function readWrittenBytes(container: string): Promise<number> {
    const { Processes, Titles } = await engine.docker.getContainer(container).top()
    const pids: string[] = Processes.map((line: string[]) => line[Titles.indexOf('PID')])
    const writtenBy = (pid: string) => /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]
    return Math.max(...pids.map((pid) => Number(writtenBy(pid))))
  }

  test('text beyond what a program reads is refused instead of kept, and the rest is answered when the terminal closes', async () => {
    const { id } = await runInteractive('sh -c "stty raw -echo; exec hold"')
    const text = `${'x'.repeat(999)}\n`.repeat(1000)
    const answers = Array.from({ length: 1000 }, () => runner.calls['terminals.write']({ id, text }))
    let refused = 0
    for (const answer of answers) void Promise.resolve(answer).then(({ ok }) => ok || refused++)
    await eventually(() => refused > 900)
    await runner.calls['terminals.close'](id)
    expect((await Promise.all(answers)).filter(({ ok }) => !ok)).toHaveLength(refused)
  })

  test('10 MB of text arrive unchanged if each call waits for the answer to the last one', async () => {
    const text = `${'文x\n'.repeat(20_000)}`
    const bytes = 100 * Buffer.byteLength(text)
    const { id } = await runInteractive(`sh -c "stty raw -echo; echo ready; head -c ${bytes} | sha256sum"`)
    const screen = runner.window().show(id)
    await screen.waitForText('ready')
    for (let call = 0; call < 100; call++)
      expect(await runner.calls['terminals.write']({ id, text })).toMatchObject({ ok: true })
    expect(await waitForEnd(id)).toEqual(endedWith(0))
    await screen.waitForText(createHash('sha256').update(text.repeat(100)).digest('hex'))
  })

  test.runIf(engineOptions === anyEngine)(
    'no more than 100 terminals are opened, however many calls ask for one',
    async () => {
      const { container } = await runner.start('box:1', { command: 'hold', interactive: false })
      const size = { columns: 80, rows: 24 }
      const open = () => runner.calls['terminals.open']({ container, kind: 'logs', size })
      for (let count = 0; count < maxTerminals; count++) expect(await open()).toMatchObject({ ok: true })
      const refused = { ok: false, error: { code: 'terminals-too-many', limit: maxTerminals } }
      expect(await open()).toEqual(refused)
      expect(await runner.calls['terminals.start']({ container, size })).toEqual(refused)
      expect(await runner.failureOf('box:1', { command: 'hold' })).toEqual(refused.error)
      const [first] = valueOf(runner.calls['terminals.list'](undefined))
      const replacing = (replaces: string) =>
        runner.calls['terminals.open']({ container, kind: 'logs', size, replaces })
      expect(await replacing(first!.id), 'only an ended terminal can be replaced').toEqual(refused)
      await runner.calls['terminals.close'](first!.id)
      expect(await open()).toMatchObject({ ok: true })

      await engine.docker.getContainer(container).restart({ t: 0 })
      await eventually(() =>
        valueOf(runner.calls['terminals.list'](undefined)).every(({ state }) => state.status === 'ended'),
      )
      const [ended] = valueOf(runner.calls['terminals.list'](undefined))
      expect(await open()).toEqual(refused)
      expect(await replacing(ended!.id)).toMatchObject({ ok: true })
      expect(await replacing(ended!.id), 'the window has not closed the replaced one').toEqual(refused)
      await runner.calls['terminals.close'](ended!.id)
      const [next] = valueOf(runner.calls['terminals.list'](undefined))
      expect(await runner.calls['terminals.start']({ container, size, replaces: next!.id })).toMatchObject({ ok: true })
    },
  )

  test.runIf(engineOptions === anyEngine)('random bytes arrive unchanged', async () => {
    const { id } = await runInteractive('sh -c "stty raw; head -c 3000000 /dev/urandom | tee /copy; sha256sum /copy"')
    const screen = runner.window().show(id)
    expect(await waitForEnd(id)).toEqual(endedWith(0))
    await eventually(() => /[0-9a-f]{64} {2}\/copy\s*$/.test(screen.text.slice(-100)))
    const printedHash = /([0-9a-f]{64}) {2}\/copy\s*$/.exec(screen.text.slice(-100))![1]
    expect(createHash('sha256').update(screen.allBytes.subarray(0, 3_000_000)).digest('hex')).toBe(printedHash)
  })

  test.runIf(engineOptions === anyEngine)('a UTF-8 character that arrives in two parts is shown as one', async () => {
    const { id } = await runInteractive(`sh -c "printf '\\\\344\\\\275'; sleep 0.2; printf '\\\\240\\\\n'"`)
    const screen = runner.window().show(id)
    await waitForEnd(id)
    await screen.waitForText('你')
  })

  test('a window that is reloaded shows its three terminals again, while they write output', async () => {
    const countLines = 'sh -c "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i + 1)); done; exec hold"'
    const { container, id } = await runInteractive(countLines)
    const shell = await runner.open(container, 'shell')
    const logs = await runner.open(container, 'logs')
    const firstWindow = runner.window()
    // The first window acknowledges nothing before it is reloaded.
    const screens = [id, shell, logs].map((terminal) => firstWindow.show(terminal, false))
    await eventually(() => screens[0]!.end > 100_000)

    const terminals = runner.calls['terminals.list'](undefined)
    expect(terminals).toMatchObject({
      value: [{ kind: 'attach' }, { kind: 'shell' }, { kind: 'logs', readOnly: true }],
    })
    const window = runner.window()
    const [attachScreen, shellScreen, logsScreen] = [id, shell, logs].map((terminal) => window.show(terminal))
    await attachScreen!.waitForText('line 59999\r\n')
    await logsScreen!.waitForText('line 59999\r\n')
    const numbers = attachScreen!.text.match(/^line \d+\r$/gm)!.map((line) => Number(line.slice(5)))
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
    runner.type(shell, 'echo beside $((1 + 1))\r')
    await shellScreen!.waitForText('beside 2')
    runner.type(logs, 'nothing is written to logs')
    expect(runner.terminal(logs)?.state.status).toBe('open')
  })

  test('closing a shell ends its programs; closing the terminal that is attached to a container does not end the container', async () => {
    const { container, id } = await runInteractive('hold')
    const shell = await runner.open(container, 'shell')
    const screen = runner.window().show(shell)
    expect(runner.terminal(shell)).toMatchObject({ command: '/bin/bash' })
    await screen.waitForText('# ')
    expect(screen.text).not.toMatch(/^\d+\r?$/m)
    runner.type(shell, 'sleep 5000\r')
    await eventually(async () => (await listProcesses(container)).includes('sleep 5000'))
    await runner.calls['terminals.close'](shell)
    await eventually(
      async () => !(await listProcesses(container)).some((line) => /sleep 5000|ash|-sh$/.test(line ?? '')),
    )
    await runner.calls['terminals.close'](id)
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)
    expect(runner.calls['terminals.replay'](id)).toEqual({ ok: false, error: { code: 'terminal-gone' } })

    // A shell that exits by itself reports its exit code, and the container keeps running.
    const secondShell = await runner.open(container, 'shell')
    await runner.window().show(secondShell).waitForText('# ')
    runner.type(secondShell, 'exit 5\r')
    expect(await waitForEnd(secondShell)).toEqual(endedWith(5))
    const attach = await runner.open(container, 'attach')
    expect(runner.terminal(attach)).toMatchObject({ state: { status: 'open' }, readOnly: false })
    await engine.docker.getContainer(container).stop()
    expect(await waitForEnd(attach)).toEqual(endedWith(0))
  })

  test('a shell opened in a running container reads UTF-8, unless the container sets another locale', async () => {
    const countCharacters = async (variables: Record<string, string>) => {
      const environment = Object.entries(variables).map(([name, value]) => ({ name, value }))
      const { container } = await runInteractive('hold', { environment })
      const shell = await runner.open(container, 'shell')
      const screen = runner.window().show(shell)
      await screen.waitForText('# ')
      runner.type(shell, 'x=文件; echo "[$LANG]" ${#x} characters\r')
      await screen.waitForText(/\d characters\r\n/)
      return /\[.*\] \d(?= characters\r\n)/.exec(screen.text)?.[0]
    }
    expect(await countCharacters({})).toBe('[C.UTF-8] 2')
    expect(await countCharacters({ LANG: 'C' })).toBe('[C] 6')
    expect(await countCharacters({ LC_ALL: 'C' })).toBe('[] 6')
  })

  test.runIf(engineOptions === anyEngine)(
    'closing a terminal whose shell has ended does not end a newer shell with the same process id',
    async () => {
      const { container } = await runInteractive('sleep 8000')
      const openShell = async () => {
        const id = await runner.open(container, 'shell')
        const screen = runner.window().show(id, false)
        await screen.waitForText('# ')
        return { id, screen }
      }
      const oldShell = await openShell()
      // This much unacknowledged output pauses the stream, so the app does not notice that the shell ends.
      runner.type(oldShell.id, 'yes\r')
      await eventually(() => oldShell.screen.end >= maxUnacknowledgedBytes)
      await engine.docker.getContainer(container).restart({ t: 0 })
      const newShell = await openShell()
      await runner.calls['terminals.close'](oldShell.id)
      runner.type(newShell.id, 'sleep 1; echo still $((40 + 2))\r')
      await newShell.screen.waitForText('still 42')
      expect(runner.terminal(newShell.id)?.state).toEqual({ status: 'open' })
    },
  )

  test.runIf(engineOptions === anyEngine)('a shell that cannot be executed shows the reason', async () => {
    const { container } = await runInteractive('sh -c "chmod -x /bin/bash; exec sleep 7000"')
    await eventually(async () => (await listProcesses(container)).includes('sleep 7000'))
    const shell = await runner.open(container, 'shell')
    expect(await waitForEnd(shell)).toMatchObject({ reason: 'exit', exitCode: 126 })
    expect(runner.window().show(shell).text).toContain('permission denied')
  })

  test('when the app quits, its shells end and the container keeps running', async () => {
    const { container } = await runInteractive('hold')
    const otherApp = await openRunner(engine)
    const shell = await otherApp.open(container, 'shell')
    await otherApp.window().show(shell).waitForText('# ')
    otherApp.type(shell, 'sleep 6000\r')
    await eventually(async () => (await listProcesses(container)).includes('sleep 6000'))
    await otherApp.stop()
    await eventually(async () => !(await listProcesses(container)).includes('sleep 6000'))
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)
  })

  test('a stopped container refuses shells and attaching, but shows its logs', async () => {
    const { container } = await runner.start('scratch:1', { interactive: false })
    await eventually(async () => !(await engine.docker.getContainer(container).inspect()).State.Running)
    const size = { columns: 80, rows: 24 }
    const openTerminal = async (container: string, kind: 'shell' | 'attach') =>
      runner.calls['terminals.open']({ container, kind, size })
    for (const kind of ['shell', 'attach'] as const)
      expect(await openTerminal(container, kind)).toEqual({ ok: false, error: { code: 'container-not-running' } })
    const logs = await runner.open(container, 'logs')
    expect(await waitForEnd(logs)).toEqual(endedWith(0))
    expect(runner.window().show(logs).text).toBe('hello from scratch\r\n')
    const { id: neverStarted } = await engine.docker.createContainer({ Image: 'box:1' })
    expect(await waitForEnd(await runner.open(neverStarted, 'logs'))).toEqual({ status: 'ended', reason: 'exit' })
    expect(await openTerminal('0'.repeat(64), 'shell')).toEqual({ ok: false, error: { code: 'container-gone' } })
  })

  test('logs show the last thousand lines and then new ones', async () => {
    const { container } = await runner.start('box:1', {
      interactive: false,
      command: 'sh -c "seq 1 3000; while [ ! -e /go ]; do sleep 0.05; done; echo 最后; exec hold"',
    })
    await eventually(async () =>
      (await engine.docker.getContainer(container).logs({ stdout: true })).includes('3000\n'),
    )
    const logs = await runner.open(container, 'logs')
    const screen = runner.window().show(logs)
    await screen.waitForText('\r\n3000\r\n')
    expect(screen.text.startsWith('2001\r\n')).toBe(true)
    const exec = await engine.docker.getContainer(container).exec({ Cmd: ['touch', '/go'] })
    await exec.start({ Detach: true })
    await screen.waitForText('\r\n3000\r\n最后\r\n')
  })

  test.runIf(engineOptions === anyEngine)(
    'terminals stay open and usable after the window switches to a context whose engine does not run',
    async () => {
      const { container, id } = await runInteractive('/bin/sh')
      const shell = await runner.open(container, 'shell')
      const screen = runner.window().show(shell)
      await screen.waitForText('# ')
      valueOf(await runner.engine.handlers['engine.switch']('elsewhere'))
      await eventually(() => runner.engine.state().status === 'away')
      runner.type(shell, 'echo still $((1 + 1))\r')
      await screen.waitForText('still 2')
      for (const terminal of [id, shell]) expect(runner.terminal(terminal)?.state).toEqual({ status: 'open' })
      valueOf(await runner.engine.handlers['engine.switch']('default'))
      await eventually(() => runner.engine.state().status === 'connected')
      expect(await listProcesses(container)).toHaveLength(2)
      const attach = await runner.open(container, 'attach')
      expect(runner.terminal(attach)?.state).toEqual({ status: 'open' })
    },
  )

  // This test must be the last one: it kills the engine.
  test('when the engine dies, its terminals end, say that the engine is gone, and keep their output', async () => {
    const { container, id } = await runInteractive('/bin/sh')
    const shell = await runner.open(container, 'shell')
    const logs = await runner.open(container, 'logs')
    const screen = runner.window().show(id)
    runner.type(id, 'echo before $((1 + 1))\r')
    await screen.waitForText('before 2')
    await engine.kill()
    for (const terminal of [id, shell, logs])
      expect(await waitForEnd(terminal)).toEqual({ status: 'ended', reason: 'engine-gone' })
    expect(runner.window().show(id).text).toContain('before 2')
    runner.type(id, 'nobody reads this')
    await engine.restart().catch(() => engine.restart())
    await eventually(() => runner.engine.state().status === 'connected', 30_000)
  })
})
