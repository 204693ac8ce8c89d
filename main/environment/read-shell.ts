/** Runs the user's login shell and reads the environment that a terminal would have. */
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { parsePrinted } from '../../model/environment/printed.ts'
import { waysToRun } from '../../model/environment/shells.ts'
import type { Env, Variables } from '../../model/environment/variables.ts'
import { endSession } from './end-session.ts'
import { markedOutput } from './marked-output.ts'

export interface ShellOptions {
  readonly env: Env
  readonly home: string
  /** For each attempt. Only tests set this. */
  readonly timeoutMs?: number
  /** Ends the shell. */
  readonly signal: AbortSignal
}

export interface ShellEnvironment {
  /** The shell's path. */
  readonly shell: string
  readonly variables: Variables
}

const defaultTimeoutMs = 10_000

/** Without these, each start of Slipway could open a dialog, begin an update or run tmux. */
const quietSettings = {
  // ssh-add in .profile: no passphrase dialog.
  SSH_ASKPASS_REQUIRE: 'never',
  // Oh My Zsh: neither its question about updates nor its tmux plugin.
  DISABLE_AUTO_UPDATE: 'true',
  ZSH_TMUX_AUTOSTARTED: 'true',
}

/**
 * Reads the environment of the user's login shell, whose files may print, ask, hang, fail or start other programs. Ends
 * every process of the shell's session before it resolves.
 * @returns undefined if the shell is not one that Slipway starts, or did not print its environment in time
 */
export async function readShell(options: ShellOptions): Promise<ShellEnvironment | undefined> {
  const shell = findShell(options.env)
  if (shell === undefined) return undefined
  for (const argumentsFor of waysToRun(shell)) {
    if (options.signal.aborted) return undefined
    const output = markedOutput()
    // Starting a program throws if the computer has too little memory for it.
    const text = await run(shell, argumentsFor(output.command), output.push, options).catch(() => undefined)
    if (text !== undefined) return { shell, variables: parsePrinted(text) }
  }
  return undefined
}

/** `$SHELL` before the one of the passwd entry, because some users cannot change the latter. */
function findShell({ SHELL }: Env): string | undefined {
  return [SHELL, passwdShell()].find((shell): shell is string => !!shell && isUsableShell(shell))
}

function passwdShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined
  } catch {
    return undefined // The user has no passwd entry, as in some containers.
  }
}

function isUsableShell(path: string): boolean {
  if (!path.startsWith('/') || waysToRun(path).length === 0) return false
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** @returns the text that `read` finds in the output; undefined if it finds none before the shell ends */
async function run(
  shell: string,
  args: readonly string[],
  read: (chunk: Buffer) => string | undefined,
  { env, home, signal, timeoutMs = defaultTimeoutMs }: ShellOptions,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const child = spawn(shell, args, {
    cwd: home,
    env: { ...env, ...quietSettings },
    // A session of its own, so that the shell cannot use the terminal that Slipway was started from.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { pid } = child
  const exited = new Promise<void>((done) => child.once('exit', () => done()).once('error', () => done()))
  child.once('error', () => resolve(undefined))
  child.stdout.on('data', (chunk: Buffer) => {
    const text = read(chunk)
    if (text !== undefined) resolve(text)
  })
  // A program in the background keeps the output open after the shell has ended.
  child.once('exit', () => void (pid !== undefined && endSession(pid)))
  child.once('close', () => resolve(undefined))
  const timer = setTimeout(resolve, timeoutMs, undefined)
  const abort = () => resolve(undefined)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    child.stdout.destroy()
    if (pid !== undefined) await endSession(pid)
    await exited
  }
}
