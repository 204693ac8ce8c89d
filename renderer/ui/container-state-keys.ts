import type { ContainerState } from '../../model/image/image.ts'
import type { MessageKey } from '../../resources/messages/index.ts'

/** The messages that name the states of containers. */
export const stateKeys = {
  created: 'container.created',
  running: 'container.running',
  paused: 'container.paused',
  restarting: 'container.restarting',
  removing: 'container.removing',
  exited: 'container.exited',
  dead: 'container.dead',
} as const satisfies Record<ContainerState, MessageKey>
