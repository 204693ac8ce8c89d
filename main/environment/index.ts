/**
 * The environment of the app: that of the launcher, and what only the user's login shell sets, such as DOCKER_HOST in
 * ~/.bashrc. The login shell is read in the background; until then, the app uses what it stored at the last start.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  engineVariables,
  otherVariables,
  storable,
  valuesToAdd,
  variableNames,
  type Env,
  type VariableName,
  type Variables,
} from '../../model/environment/variables.ts'
import type { EnvironmentStore } from '../store/index.ts'
import { readShell } from './read-shell.ts'

interface Needs {
  /** The environment that the app was started with. */
  readonly launcher: Env
  readonly home: string
  readonly store: EnvironmentStore
}

interface ShellEnvironment {
  readonly env: Env
  readonly home: string
}

export interface AppEnvironment {
  readonly home: string
  /** The only environment that the app uses. The same object for the whole run: its values change in place. */
  readonly env: Env
  /** The environment of a terminal; undefined if the login shell has not been read yet, or cannot be read. */
  terminal(): ShellEnvironment | undefined
  /** `env` as `useTerminal` would make it; undefined like `terminal`. Unlike there, the launcher's variables prevail. */
  withTerminal(): ShellEnvironment | undefined
  /** @returns the path of the login shell that set this variable; undefined if the launcher did, or nothing */
  shellThatSets(name: VariableName): string | undefined
  /**
   * Runs the login shell and takes over its variables, except those that may name another engine: `useTerminal` takes
   * over these. Does nothing if the shell cannot be read. Aborting `signal` ends the shell.
   */
  readShell(signal: AbortSignal): Promise<void>
  useTerminal(): void
}

export function appEnvironment({ launcher, home, store }: Needs): AppEnvironment {
  let { shell } = store.value
  /** The login shell's variables that are in use. */
  let used: Variables = store.value.variables
  /** All variables of the login shell; undefined until it has been read. */
  let known: Variables | undefined
  const env: Record<string, string | undefined> = { ...launcher }
  const withLauncher = (variables: Variables): Env => ({ ...launcher, ...valuesToAdd(launcher, variables) })
  apply()

  function apply() {
    const next = withLauncher(used)
    for (const name of variableNames)
      if (next[name] === undefined) delete env[name]
      else env[name] = next[name]
  }

  function use(variables: Variables) {
    used = variables
    apply()
    const next = { shell, variables: storable(used) }
    if (!isDeepStrictEqual(next, store.value)) void store.write(next)
  }

  return {
    home,
    env,
    terminal: () => known && { env: { ...withoutTakenOver(launcher), ...known }, home },
    withTerminal: () => known && { env: withLauncher(known), home },
    shellThatSets: (name) => (valuesToAdd(launcher, used)[name] === undefined ? undefined : shell),
    async readShell(signal) {
      const read = await readShell({ env: launcher, home, signal })
      if (!read || signal.aborted) return
      shell = read.shell
      known = read.variables
      use({ ...otherVariables(known), ...engineVariables(used) })
    },
    useTerminal: () => known && use(known),
  }
}

/** @returns the variables that Slipway does not take over from the login shell, which prints all others that it has */
const withoutTakenOver = (env: Env): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !variableNames.some((taken) => taken === name)))
