/** The demo's content: what a developer's computer has after a while. */
import type Docker from 'dockerode'
import { loadImages, type ImageSpec } from './images.ts'
import { createContainers } from './demo/containers.ts'
import { languages } from './demo/languages.ts'
import { measure } from './demo/measure.ts'
import { services } from './demo/services.ts'
import { systems } from './demo/systems.ts'

export interface DemoWish {
  /** What the images' ages are counted from. */
  readonly now?: Date
  /** The part of their true size that the images have. At 1 they take 4 GB, and a minute to load. */
  readonly scale?: number
}

/** The demo's images, oldest first. */
export function demoImages({ now = new Date(), scale = 0.05 }: DemoWish = {}): ImageSpec[] {
  const measures = measure(now, scale)
  const on = systems(measures)
  const { bookworm: _, oracle: __, ...named } = on
  const images = [
    ...Object.values(named),
    ...Object.values(services(measures, on)),
    ...Object.values(languages(measures, on)),
  ]
  return images.sort((a, b) => a.created.getTime() - b.created.getTime())
}

/** Fills an engine with the demo's images and containers. With a network, containers publish their ports. */
export async function fillWithDemo(
  docker: Docker,
  { network = false, ...wish }: DemoWish & { network?: boolean } = {},
): Promise<void> {
  await loadImages(docker, demoImages(wish))
  await createContainers(docker, network)
}
