/** What a malicious caller leaves to root's helper: signals, timers, limits and a priority, which `exec` keeps. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mirrorsKey, plainText, textWithMirror, useSystemEngine } from './clean-engine.ts'
import { changeLine, installedHelper, readState, write } from './helper-tools.ts'

const { expectMirrors } = useSystemEngine('26.1')

const change = changeLine(plainText, textWithMirror)
const python = '/usr/bin/python3'
/** Runs these lines of Python, and then the helper in the same process. */
const helperAfter = (lines: string): [string, string[]] => [
  python,
  ['-c', `import os, resource, signal\n${lines}\nos.execv('${installedHelper}', ['${installedHelper}'])`],
]

/** @returns the exit code, the signal, and the helper's lines after its greeting */
function runHelperAfter(lines: string, requests: readonly (object | string)[]) {
  const [program, args] = helperAfter(lines)
  const input = requests.map((request) => (typeof request === 'string' ? request : JSON.stringify(request)))
  const { status, signal, stdout } = spawnSync(program, args, {
    ...{ input: `${input.join('\n')}\n`, encoding: 'utf8' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const output = stdout.trim().split('\n').slice(2)
  return { code: status ?? signal, lines: output.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const ignoreSigchld = 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)'

describe('an ignored SIGCHLD', () => {
  test('does not make a text that dockerd refuses look valid', async () => {
    const text = '{ "no-such": 1 }'
    write(text)
    const newText = `{ "no-such": 1, ${mirrorsKey} }`
    const { lines } = runHelperAfter(ignoreSigchld, [changeLine(text, newText)])
    expect(lines).toMatchObject([{ error: 'engine-refused', state: 'untouched' }])
    expect(readState()?.text).toBe(text)
    await expectMirrors()
  })

  test('does not make any failed program look successful, even if it is ignored later', () => {
    const script = [
      "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/usr/lib/slipway')",
      'import signal',
      'from slipway_daemon_file import process',
      ignoreSigchld,
      "print(process.run(['/bin/sh', '-c', 'exit 7'], 20).returncode)",
    ].join('\n')
    expect(spawnSync(python, ['-IS', '-c', script], { encoding: 'utf8' }).stdout).toBe('7\n')
  })
})

test('a timer does not end the helper in the middle of a change', async () => {
  const startTimer = 'signal.setitimer(signal.ITIMER_REAL, 3, 0.01)'
  const helper = spawn(...helperAfter(startTimer), { stdio: ['pipe', 'pipe', 'ignore'] })
  // Another program, with the same timer, shows when the timer has fired.
  const other = spawn(python, ['-c', `import os, signal\n${startTimer}\nos.execv('/bin/sleep', ['sleep', '60'])`])
  let output = ''
  helper.stdout.on('data', (data) => (output += data))
  helper.stdin.write(`${JSON.stringify(change)}\n`)
  expect(await once(other, 'close')).toEqual([null, 'SIGALRM'])
  await expect.poll(() => output, { timeout: 20_000 }).toContain('"changed"')
  helper.stdin.end('{"verb":"undo"}\n')
  expect(await once(helper, 'close')).toEqual([0, null])
  expect(output).toContain('"undone"')
  expect(readState()?.text).toBe(plainText)
})

test('a small stack does not let a deeply nested request end the helper in the middle of a change', async () => {
  const smallStack = 'resource.setrlimit(resource.RLIMIT_STACK, (128 << 10, resource.RLIM_INFINITY))'
  const { code, lines } = runHelperAfter(smallStack, [change, `{"verb":${'['.repeat(200_000)}`])
  expect(lines.at(-1)).toMatchObject({ error: 'bad-request', state: 'restored' })
  expect(code).toBe(1)
  expect(readState()?.text).toBe(plainText)
  await expectMirrors()
})

test('no signal, limit and priority of the caller applies to the helper', async () => {
  const everything = `
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
os.nice(19)
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
open('/proc/self/oom_score_adj', 'w').write('1000')
# Python itself needs a few files, and a stack.
for limit, value in ((resource.RLIMIT_NOFILE, 32), (resource.RLIMIT_STACK, 256 << 10), (resource.RLIMIT_CPU, 5),
                     (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NPROC, 1), (resource.RLIMIT_SIGPENDING, 0),
                     (resource.RLIMIT_RTTIME, 1000), (resource.RLIMIT_DATA, 1 << 30), (resource.RLIMIT_AS, 1 << 31)):
    resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))`
  const helper = spawn(...helperAfter(everything), { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  helper.stdout.on('data', (data) => (output += data))
  await expect.poll(() => output, { timeout: 20_000 }).toContain('"ready"')
  const read = (name: string) => readFileSync(`/proc/${helper.pid}/${name}`, 'utf8')
  const status = read('status')
  const signals = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1]}`)
  const bits = (...numbers: bigint[]) => numbers.reduce((set, number) => set | (1n << (number - 1n)), 0n)
  // SIGPIPE and SIGXFSZ are ignored, so that writing fails instead. HUP, INT, QUIT and TERM are handled.
  expect.soft(signals('SigIgn')).toBe(bits(13n, 20n, 21n, 22n, 25n))
  expect.soft(signals('SigCgt')).toBe(bits(1n, 2n, 3n, 15n))
  expect.soft(signals('SigBlk')).toBe(0n)
  const limits = read('limits')
  const limit = (name: string) => new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(limits)?.slice(1)
  expect.soft(limit('Max open files')).toEqual(['1024', '1024'])
  expect.soft(limit('Max stack size')?.[0]).toBe(String(8 << 20))
  expect.soft(limit('Max core file size')).toEqual(['0', '0'])
  for (const name of [
    ...['Max cpu time', 'Max file size', 'Max data size', 'Max address space', 'Max processes', 'Max pending signals'],
    'Max realtime timeout',
  ]) {
    // A world may lack the right to raise a hard limit.
    const [soft, hard] = limit(name) ?? []
    expect.soft([name, soft]).toEqual([name, hard])
  }
  const fields = read('stat')
    .replace(/^.*\) /, '')
    .split(' ')
  const [nice, policy] = [fields[16], fields[38]]
  expect.soft({ nice, policy, oom: read('oom_score_adj').trim() }).toEqual({ nice: '0', policy: '0', oom: '0' })
  helper.stdin.end(`${JSON.stringify(change)}\n{"verb":"undo"}\n`)
  expect(await once(helper, 'close')).toEqual([0, null])
  expect(output).toContain('"confirmed": true')
  expect(readState()?.text).toBe(plainText)
})

test('every timer is stopped', () => {
  const script = [
    "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/usr/lib/slipway')",
    'import signal',
    'from slipway_daemon_file.inherited import reset_inherited',
    'timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)',
    'for timer in timers: signal.setitimer(timer, 100, 100)',
    'reset_inherited()',
    'print([signal.getitimer(timer) for timer in timers])',
  ].join('\n')
  expect(spawnSync(python, ['-IS', '-c', script], { encoding: 'utf8' }).stdout).toBe(
    '[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]\n',
  )
})
