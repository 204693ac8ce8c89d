/** Shows the engine that `docker` uses in the user's terminal, or offers it if another engine is shown. */
import { isDeepStrictEqual } from 'node:util'
import { ok, type Handlers, type Publish, type TerminalEngine } from '../../preload/contract/index.ts'
import type { Engine } from '../engine/index.ts'
import type { AppEnvironment } from '../environment/index.ts'

interface Needs {
  readonly environment: AppEnvironment
  readonly engine: Pick<Engine, 'state' | 'chosenContext' | 'otherEngineIn' | 'useEnvironment' | 'resync'>
  readonly publish: Publish
}

export function terminalEngine({ environment, engine, publish }: Needs) {
  let current: TerminalEngine = {}

  function read(): TerminalEngine {
    const other = engine.otherEngineIn(environment.terminal())
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
    const isOther = engine.otherEngineIn(environment.terminal()) !== undefined
    environment.useTerminal()
    if (isOther) engine.useEnvironment()
    update()
  }

  return {
    engineChanged: update,
    /** Reads the login shell, in the background. Aborting `signal` ends it. */
    async run(signal: AbortSignal) {
      await environment.readShell(signal)
      if (signal.aborted) return
      const isShown = engine.state().status === 'connected' || engine.chosenContext() !== undefined
      if (isShown && engine.otherEngineIn(environment.terminal())) update()
      else useTerminal()
      // ssh may have found its agent.
      if (engine.state().status === 'away') engine.resync()
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
