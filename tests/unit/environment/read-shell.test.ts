import { existsSync, readFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readShell } from '../../../main/environment/read-shell.ts'
import { eventually } from '../../engine/eventually.ts'
import { processesOf } from './processes.ts'
import { findShell, launcherOf, shellHome } from './shell-home.ts'

const never = new AbortController().signal
const host = 'export DOCKER_HOST=tcp://build.example:2375\n'
const read = { DOCKER_HOST: 'tcp://build.example:2375' }

interface Case {
  readonly shell?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** Reads the shell, and expects that no process is left. */
async function readVariables(home: string, { shell = '/bin/bash', env, ...options }: Case = {}) {
  const answer = await readShell({ env: { ...launcherOf(home, shell), ...env }, home, signal: never, ...options })
  expect(processesOf(home)).toEqual([])
  return answer?.variables
}

describe('files of bash', () => {
  test.each([
    ['.bashrc', { '.bashrc': host }],
    ['.profile', { '.profile': host }],
    ['.bash_profile', { '.bash_profile': host }],
    ['.bashrc beside a .bash_profile that does not read it', { '.bashrc': host, '.bash_profile': 'umask 022\n' }],
    [
      '.bashrc after the usual test for an interactive shell',
      { '.bashrc': `case $- in *i*) ;; *) return;; esac\n${host}` },
    ],
    [
      '.profile that reads .bashrc as Debian does',
      { '.profile': '. ~/.bashrc\n', '.bashrc': `[ -z "$PS1" ] && return\n${host}` },
    ],
  ])('%s', async (_, files) => expect(await readVariables(shellHome(files))).toMatchObject(read))
})

describe('other shells', () => {
  const shells: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['sh', { '.profile': host }],
    ['dash', { '.profile': host }],
    ['zsh', { '.zshrc': host }],
    ['zsh', { '.zprofile': host }],
    ['ksh93', { '.profile': host }],
    ['fish', { '.config/fish/config.fish': 'set -gx DOCKER_HOST tcp://build.example:2375\nsleep 1000 &\n' }],
    ['tcsh', { '.cshrc': 'setenv DOCKER_HOST tcp://build.example:2375\n' }],
  ]
  for (const [name, files] of shells) {
    const shell = findShell(name)
    const note = shell === undefined ? ' (not downloaded: tools/setup.sh world)' : ''
    test.skipIf(shell === undefined)(`${name} with ${Object.keys(files).join()}${note}`, async () => {
      expect(await readVariables(shellHome(files), { shell: shell! })).toMatchObject(read)
    })
  }
})

describe('shell files that do more than set variables', () => {
  test.each([
    ['print', `echo hello; echo oops >&2; printf '\\0\\0DOCKER_HOST=tcp://wrong\\0'\n${host}echo bye\n`],
    ['print megabytes', `head -c 9000000 /dev/zero\n${host}yes | head -c 5000000\n`],
    ['print the command and the environment', `${host}set -x -v\necho "$BASH_EXECUTION_STRING" "$0" "$@"; env\n`],
    ['print on the output with set -x', `${host}BASH_XTRACEFD=1; set -x\n`],
    ['start programs in the background', `sleep 1000 & (sleep 1000; sleep 1000) & \n${host}`],
    ['start programs with job control', `set -m; sleep 1000 & sleep 1000 | cat &\n${host}`],
    ['start programs that ignore signals', `(trap '' TERM HUP INT; sleep 1000; sleep 1000) &\n${host}`],
    ['ask for input', `read -p "Passphrase: " answer; read answer </dev/tty; stty -echo\n${host}`],
    ['exit on the first error', `set -eu\n${host}`],
    ['fail', `nonsense; false; unset PATH\n${host}`],
    ['have odd functions and aliases', `env() { :; }; printf() { :; }; alias sh=false; ${host}`],
    ['set traps', `trap 'echo DOCKER_HOST=tcp://wrong; sleep 1000' EXIT\n${host}`],
    ['replace the prompt', `PROMPT_COMMAND='sleep 1000'; PS1='$(sleep 1000)'\n${host}`],
  ])('%s', async (_, bashrc) => {
    expect(await readVariables(shellHome({ '.bashrc': bashrc }))).toMatchObject(read)
  })

  test.each([
    ['exit', 'exit 1\n'],
    ['exec a shell with other syntax', 'exec /bin/cat\n'],
    ['exec tmux', 'exec tmux\n'],
    ['exec a program that runs in the background', 'sleep 1000 & exec /bin/true\n'],
    ['end the shell with set -e', 'set -e; false\n'],
    ['close the output', 'exec 1>&-\n'],
    ['hang', 'sleep 1000; sleep 1000\n'],
    ['hang and ignore signals', `trap '' TERM HUP INT; while :; do sleep 1000; done\n`],
    ['print forever', 'yes\n'],
  ])('%s: .profile is still read', async (_, bashrc) => {
    const home = shellHome({
      '.bashrc': `case $- in *i*) ;; *) return;; esac\n${bashrc}`,
      '.profile': `${host}. ~/.bashrc`,
    })
    expect(await readVariables(home, { timeoutMs: 3_000 })).toMatchObject(read)
  })

  test.each([
    ['.profile exits', 'exit 0\n', 'exit 0\n'],
    ['.profile hangs', 'sleep 1000\n', 'sleep 1000\n'],
    ['the markers are guessed wrong', 'echo abab; env -0; echo baba; exit\n', 'exit\n'],
  ])('%s: nothing is read', async (_, profile, bashrc) => {
    expect(
      await readVariables(shellHome({ '.profile': profile, '.bashrc': bashrc }), { timeoutMs: 300 }),
    ).toBeUndefined()
  })

  test('a program with a session of its own keeps running, as after closing a terminal', async () => {
    const home = shellHome({ '.bashrc': `setsid sleep 1000 & echo $! >~/pid\n${host}` })
    const answer = await readShell({ env: launcherOf(home, '/bin/bash'), home, signal: never })
    expect(answer?.variables).toMatchObject(read)
    await eventually(() => processesOf(home).includes('sleep 1000'))
    process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')))
    await eventually(() => processesOf(home).length === 0)
  })
})

test('the shell starts in the home directory without a terminal, and ssh-add cannot open a dialog', async () => {
  const home = shellHome({ '.bashrc': 'export DOCKER_HOST="$PWD|$SSH_ASKPASS_REQUIRE|$(tty)|$(cat)"\n' })
  expect(await readVariables(home)).toMatchObject({ DOCKER_HOST: `${home}|never|not a tty|` })
})

test('only the named variables are read, and none with control characters', async () => {
  const home = shellHome({
    '.bashrc': `export SECRET=1 HTTPS_PROXY=http://p:1 DOCKER_HOST=$'tcp://a\\n' DOCKER_CONTEXT=$'\\xff' no_proxy=\n`,
  })
  expect(await readVariables(home)).toEqual({ HTTPS_PROXY: 'http://p:1', no_proxy: '', PATH: expect.any(String) })
})

test('aborting ends the shell and all that it has started', async () => {
  const home = shellHome({ '.bashrc': 'sleep 1000 & touch ~/started; sleep 1000\n' })
  const controller = new AbortController()
  const reading = readVariables(home, { signal: controller.signal })
  await eventually(() => existsSync(join(home, 'started')))
  controller.abort()
  expect(await reading).toBeUndefined()
  expect(await readVariables(home, { signal: controller.signal })).toBeUndefined()
})

describe('which shell', () => {
  test.each([
    ['a relative path', 'bash'],
    ['a file that does not exist', '/nowhere/zsh'],
    ['a folder', '/usr/lib/'],
    ['a program that is no shell', '/usr/bin/tmux'],
    ['nologin', '/usr/sbin/nologin'],
    ['a restricted shell', '/bin/rbash'],
    ['nothing', ''],
  ])('$SHELL is %s: the shell of the passwd entry is read', async (_, shell) => {
    const home = shellHome({ '.profile': host, '.bashrc': '' })
    const answer = await readShell({ env: launcherOf(home, shell), home, signal: never })
    expect(answer?.shell).not.toBe(shell)
  })

  test('a file that is not executable is not started', async () => {
    const home = shellHome({ bash: '#!/bin/sh\ntouch started\n' })
    chmodSync(join(home, 'bash'), 0o644)
    await readShell({ env: launcherOf(home, join(home, 'bash')), home, signal: never })
    expect(existsSync(join(home, 'started'))).toBe(false)
  })

  test('a shell that cannot run, and a home that does not exist, are not fatal', async () => {
    const home = shellHome({ zsh: '#!/nowhere/interpreter\n' })
    chmodSync(join(home, 'zsh'), 0o755)
    expect(await readVariables(home, { shell: join(home, 'zsh') })).toBeUndefined()
    expect(
      await readShell({ env: launcherOf('/nowhere', '/bin/bash'), home: '/nowhere', signal: never }),
    ).toBeUndefined()
  })
})
