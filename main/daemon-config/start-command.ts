/** The command that starts Docker after its daemon.json was changed while Docker was down. */
import type { Installation } from '../../model/daemon-config/plan.ts'
import { startCommand } from '../../model/engine/commands.ts'
import type { EngineKind } from '../../model/engine/kind.ts'
import { readHostFacts } from '../engine/index.ts'

/** @returns undefined for an installation whose daemon.json Slipway does not change */
export const startCommandFor = (installation: Installation): string | undefined => startCommand(kindOf(installation))

function kindOf(installation: Installation): EngineKind {
  const { manager, userManager } = readHostFacts()
  switch (installation) {
    case 'system':
      return { type: 'system', manager, installed: true }
    case 'snap':
      return { type: 'snap' }
    case 'rootless':
      return { type: 'rootless', managed: userManager }
    default:
      return { type: 'unknown' }
  }
}
