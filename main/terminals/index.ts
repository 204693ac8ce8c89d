/** Terminals into containers, which live on whatever the window does. */
import type { Handlers, Publish } from '../../preload/contract/index.ts'
import { askingContainer, type Engine } from '../engine/index.ts'
import { terminalBook } from './book.ts'
import { openTerminal, startInTerminal } from './open.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session' | 'lease'>
  readonly publish: Publish
}

export function terminalsService({ engine, publish }: Needs) {
  const terminals = terminalBook({ publish, lease: engine.lease })
  const asked = askingContainer(engine)

  return {
    add: terminals.add,
    resize: terminals.resize,
    end: terminals.end,
    handlers: {
      'terminals.open': (wish) => asked((session) => openTerminal(session, terminals, wish)),
      'terminals.start': (wish) => asked((session) => startInTerminal(session, terminals, wish)),
      ...terminals.handlers,
    } satisfies Handlers<'terminals'>,
  }
}

export type { Terminals } from './book.ts'
