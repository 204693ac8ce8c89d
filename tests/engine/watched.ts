/** The engine service over a real engine, with what it tells the window. */
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { engineService } from '../../main/engine/index.ts'
import { containerListed, imageListed } from '../../main/engine/replies.ts'
import type { EngineState, ImagesChange } from '../../preload/contract/index.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { listed } from '../../model/image.ts'

export function watchEngine(socket: string) {
  const ended = new AbortController()
  const changes: ImagesChange[] = []
  const states: EngineState[] = []
  const engine = engineService({ env: { DOCKER_HOST: `unix://${socket}` }, home: '/nonexistent' }, (name, payload) => {
    if (name === 'images.changed') changes.push(payload as ImagesChange)
    if (name === 'engine.changed') states.push(payload as EngineState)
  })
  const running = engine.run(ended.signal)
  return {
    engine,
    changes,
    states,
    known: () => {
      const { images, containers } = engine.live.snapshot()
      return { images: sorted(images), containers: sorted(containers) }
    },
    async stop() {
      ended.abort()
      await running
    },
  }
}

/** What the engine itself says now, as `docker images` and `docker ps --all` list it. */
export async function freshList({ docker, store }: Engine) {
  const [images, containers] = await Promise.all([
    docker.listImages({ all: true }),
    docker.listContainers({ all: true }),
  ])
  return {
    images: sorted(listed(v.parse(v.array(imageListed), images))).map((image) =>
      store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image,
    ),
    containers: sorted(v.parse(v.array(containerListed), containers)),
  }
}

/** Waits until a condition holds: events take a moment to arrive. */
export async function eventually(holds: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  for (const start = Date.now(); Date.now() - start < patience; await delay(25)) if (await holds()) return
  throw new Error(`did not come true within ${patience} ms: ${holds.toString()}`)
}

const sorted = <Thing extends { readonly id: string }>(things: readonly Thing[]) =>
  things.toSorted((a, b) => (a.id < b.id ? -1 : 1))
