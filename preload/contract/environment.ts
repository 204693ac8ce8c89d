/** The engine that `docker` uses in the user's terminal, read from the user's login shell. */
import * as v from 'valibot'
import { call, event, type } from './define.ts'
import type { EngineContext } from './engine.ts'

export interface TerminalEngine {
  /** The terminal's engine, if Slipway shows another one. */
  readonly offer?: EngineContext
  /** The variable of the login shell that names the engine which Slipway shows or looks for. */
  readonly source?: {
    readonly variable: 'DOCKER_HOST' | 'DOCKER_CONTEXT'
    /** The path of the login shell. */
    readonly shell: string
  }
}

export const calls = {
  'environment.terminalEngine': call(v.undefined(), type<TerminalEngine>()),
  /** Switches to the terminal's engine, also at the next start. */
  'environment.useTerminalEngine': call(v.undefined(), type<void>()),
}
export const events = { 'environment.changed': event<TerminalEngine>() }
