/** An image is run; what is interactive opens in a terminal of the app's own. */
import { ok, type Handlers } from '../../preload/contract/index.ts'
import type { runService } from '../run/index.ts'
import type { Terminals } from '../terminals/index.ts'

export function runInTerminal(
  run: Pick<ReturnType<typeof runService>, 'start'>,
  terminals: Pick<Terminals, 'add' | 'resize'>,
): Pick<Handlers<'run'>, 'run.start'> {
  return {
    async 'run.start'({ wish, size }) {
      const started = await run.start(wish)
      if (!started.ok) return started
      const { container, attached } = started.value
      if (!attached) return ok({ container })
      const terminal = terminals.add(attached.session, attached.about, attached.line, attached.said)
      if (size) await terminals.resize(terminal, size)
      return ok({ container, terminal })
    },
  }
}
