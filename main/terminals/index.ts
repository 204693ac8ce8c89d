/** Terminals of containers: attached, shells and logs. They stay open when the window reloads. */
import type { Handlers, Publish } from '../../preload/contract/index.ts'
import { withContainerSession, type Engine } from '../engine/index.ts'
import { terminalList } from './terminal-list.ts'
import { openTerminal, startInTerminal } from './open.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session' | 'lease'>
  readonly publish: Publish
}

export function terminalsService({ engine, publish }: Needs) {
  const terminals = terminalList({ publish, lease: engine.lease })
  const withContainer = withContainerSession(engine)

  return {
    add: terminals.add,
    resize: terminals.resize,
    end: terminals.end,
    handlers: {
      'terminals.open': (request) => withContainer((session) => openTerminal(session, terminals, request)),
      'terminals.start': (request) => withContainer((session) => startInTerminal(session, terminals, request)),
      ...terminals.handlers,
    } satisfies Handlers<'terminals'>,
  }
}

export type { Terminals } from './terminal-list.ts'
