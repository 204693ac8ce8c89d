/** Runs an image, and opens a terminal for the container if the run is interactive. */
import { fail, ok, type Handlers } from '../../preload/contract/index.ts'
import type { runService } from '../run/index.ts'
import type { Terminals } from '../terminals/index.ts'

export function runInTerminal(
  run: Pick<ReturnType<typeof runService>, 'start'>,
  terminals: Pick<Terminals, 'add' | 'resize' | 'refusal'>,
): Pick<Handlers<'run'>, 'run.start'> {
  return {
    async 'run.start'({ options, size }) {
      const refusal = options.interactive ? terminals.refusal() : undefined
      if (refusal) return fail(refusal)
      const started = await run.start(options)
      if (!started.ok) return started
      const { container, attached } = started.value
      if (!attached) return ok({ container })
      const terminal = terminals.add(attached.session, attached.info, attached.stream, attached.initialOutput)
      if (size) await terminals.resize(terminal, size)
      return ok({ container, terminal })
    },
  }
}
