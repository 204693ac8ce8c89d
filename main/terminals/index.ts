/** Terminals into containers, which live on whatever the window does. */
import type Docker from 'dockerode'
import type { Handlers, Publish } from '../../preload/contract/index.ts'
import { askingContainer, type Engine } from '../engine/index.ts'
import { terminalBook } from './book.ts'
import { openTerminal, startInTerminal } from './open.ts'

interface Needs {
  readonly engine: Pick<Engine, 'docker' | 'state' | 'failure'>
  readonly publish: Publish
}

export function terminalsService({ engine, publish }: Needs) {
  const isHere = (docker: Docker) => {
    const now = engine.docker()
    return engine.state().status === 'connected' && now.ok && now.value === docker
  }
  const terminals = terminalBook({ publish, isHere })
  const asked = askingContainer(engine)

  return {
    add: terminals.add,
    resize: terminals.resize,
    end: terminals.end,
    /** What the app reaches is another engine, or none. */
    engineChanged: terminals.left,
    handlers: {
      'terminals.open': (wish) => asked((docker) => openTerminal(docker, terminals, wish)),
      'terminals.start': (wish) => asked((docker) => startInTerminal(docker, terminals, wish)),
      ...terminals.handlers,
    } satisfies Handlers<'terminals'>,
  }
}

export type { Terminals } from './book.ts'
