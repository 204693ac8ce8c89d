/** What a crash has cut of a change of a rootless user's own file. Root's is put back when its password is given next. */
import { ok, type EngineState } from '../../preload/contract/index.ts'
import type { Access } from './access.ts'

export interface Recovery {
  /** Told of the engine and its file. Puts back what was cut once the user's own is reached, and not again. */
  look(engine: EngineState, file: Access): void
  /** Until what was begun has ended: the file is not yet what it will be. */
  settled(): Promise<void>
}

export function recovery(): Recovery {
  let begun: Promise<void> | undefined
  return {
    look({ status }, file) {
      if (status === 'connected' && file.way === 'own') begun ??= putBack(file)
    },
    settled: async () => await begun,
  }
}

/** The helper does it as it starts, where its journal tells of something. */
async function putBack({ talk }: Access): Promise<void> {
  const told = await talk(async ({ recovered }) => ok(recovered))
  if (!told.ok) console.error('whether a change of daemon.json was cut is not known:', told.error)
  else if (told.value) console.warn('a change of daemon.json that was cut was put back:', told.value)
}
