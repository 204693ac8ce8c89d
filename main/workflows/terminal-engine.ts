/** Shows the engine that `docker` uses in the user's terminal, or offers it if another engine is shown. */
import { isDeepStrictEqual } from 'node:util'
import { ok, type Handlers, type Publish, type TerminalEngine } from '../../preload/contract/index.ts'
import type { Engine } from '../engine/index.ts'
import type { AppEnvironment } from '../environment/index.ts'

interface Needs {
  readonly environment: AppEnvironment
  readonly engine: Pick<
    Engine,
    'state' | 'chosenContext' | 'otherEngineIn' | 'hasLostChoice' | 'useEnvironment' | 'resync'
  >
  readonly publish: Publish
}

export function terminalEngine({ environment, engine, publish }: Needs) {
  let current: TerminalEngine = {}
  /** Whether the shell has been read, but it is not known yet whether another engine answers. */
  let isUndecided = false

  function otherEngine() {
    const terminal = environment.withTerminal()
    return terminal && engine.otherEngineIn(terminal)
  }

  function read(): TerminalEngine {
    const other = otherEngine()
    const source = sourceOfEngine()
    return { ...(other?.ok && { offer: other.value }), ...(source && { source }) }
  }

  function sourceOfEngine(): TerminalEngine['source'] {
    const name = engine.state().context?.name
    const named = (['DOCKER_HOST', 'DOCKER_CONTEXT'] as const).find((name) => environment.env[name])
    const shell = named && environment.shellThatSets(named)
    if (name === undefined || !shell || engine.chosenContext() !== undefined) return undefined
    return { variable: named, shell }
  }

  function update() {
    const next = read()
    if (isDeepStrictEqual(next, current)) return
    current = next
    publish('environment.changed', current)
  }

  function useTerminal() {
    const isOther = otherEngine() !== undefined
    environment.useTerminal()
    if (isOther || engine.hasLostChoice()) engine.useEnvironment()
    update()
  }

  /** Uses the terminal's engine, unless that would replace one that answers or that the user chose. */
  function decide() {
    const { status } = engine.state()
    if (status === 'connecting') return
    isUndecided = false
    const isReplaced = status === 'connected' || engine.chosenContext() !== undefined
    if (!isReplaced || !otherEngine()) useTerminal()
    // ssh may have found its agent.
    if (status === 'away') engine.resync()
  }

  return {
    engineChanged() {
      if (isUndecided) decide()
      update()
    },
    /** Reads the login shell, in the background. Aborting `signal` ends it. */
    async run(signal: AbortSignal) {
      await environment.readShell(signal)
      if (signal.aborted) return
      isUndecided = true
      decide()
      update()
    },
    handlers: {
      'environment.terminalEngine': () => ok(current),
      'environment.useTerminalEngine'() {
        useTerminal()
        return ok(undefined)
      },
    } satisfies Handlers<'environment'>,
  }
}
