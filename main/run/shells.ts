/** Which shells an image has, without running anything in it. */
import { randomUUID } from 'node:crypto'
import type { ImageId } from '../../model/image/image.ts'
import {
  createContainer,
  lookLabel,
  removeContainer,
  shellsIn,
  type EngineSession,
  type Shell,
} from '../engine/index.ts'

export interface ImageShells {
  /** Best first. */
  of(session: EngineSession, image: ImageId): Promise<readonly Shell[]>
}

/** What is found is remembered: an image never changes. */
export function imageShells(): ImageShells {
  const known = new Map<ImageId, Promise<readonly Shell[]>>()
  return {
    of(session, image) {
      const asked = known.get(image) ?? look(session, image)
      known.set(image, asked)
      asked.catch(() => known.delete(image))
      return asked
    },
  }
}

/**
 * An image's files can be asked for only through a container: one is made, never started, and removed at once (80 to
 * 170 ms, tried on all). Its label keeps it out of what is shown.
 */
async function look(session: EngineSession, image: ImageId): Promise<readonly Shell[]> {
  const container = await createContainer(session, {
    name: `slipway-look-${randomUUID()}`,
    Image: image,
    // Never run, but an image without a command is refused otherwise.
    Cmd: ['true'],
    Labels: { [lookLabel]: '' },
    HostConfig: { NetworkMode: 'none' },
  })
  try {
    return await shellsIn(session, container)
  } finally {
    await removeContainer(session, container, { volumes: true })
  }
}
