/** Computers on which an engine may run. */
import type { HostFacts } from '../../../model/engine/kind.ts'

export const debian: HostFacts = {
  ...{ hostName: 'laptop', manager: 'systemd', userManager: true, dockerd: 'package', inWindows: false },
}
export const alpine: HostFacts = { ...debian, manager: 'openrc', userManager: false }
