/** Terminals of containers: attached, shells and logs. They stay open when the window reloads. */
import { fail, type Handlers, type Publish, type Result, type TerminalId } from '../../preload/contract/index.ts'
import { withContainerSession, type Engine, type EngineSession } from '../engine/index.ts'
import { terminalList } from './terminal-list.ts'
import { openTerminal, startInTerminal } from './open.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session' | 'lease'>
  readonly publish: Publish
}

export function terminalsService({ engine, publish }: Needs) {
  const terminals = terminalList({ publish, lease: engine.lease })
  const withContainer = withContainerSession(engine)
  const open = async (
    replaces: TerminalId | undefined,
    request: (session: EngineSession) => Promise<Result<TerminalId>>,
  ) => {
    const refusal = terminals.refusal(replaces)
    return refusal ? fail(refusal) : await withContainer(request)
  }

  return {
    add: terminals.add,
    resize: terminals.resize,
    refusal: terminals.refusal,
    end: terminals.end,
    handlers: {
      'terminals.open': (request) => open(request.replaces, (session) => openTerminal(session, terminals, request)),
      'terminals.start': (request) => open(request.replaces, (session) => startInTerminal(session, terminals, request)),
      ...terminals.handlers,
    } satisfies Handlers<'terminals'>,
  }
}

export type { Terminals } from './terminal-list.ts'
