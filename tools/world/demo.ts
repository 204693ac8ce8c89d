/** The demo's content: what a developer's computer has after a while. */
import type Docker from 'dockerode'
import { loadImages, type ImageSpec } from './images.ts'
import { createContainers } from './demo/containers.ts'
import { languages } from './demo/languages.ts'
import { demoScale } from './demo/steps.ts'
import { services } from './demo/services.ts'
import { baseImages } from './demo/base-images.ts'

export interface DemoOptions {
  /** What the images' ages are counted from. */
  readonly now?: Date
  /** The part of their true size that the images have. At 1 they take 4 GB, and a minute to load. */
  readonly scale?: number
}

/** The demo's images, oldest first. */
export function demoImages({ now = new Date(), scale = 0.05 }: DemoOptions = {}): ImageSpec[] {
  const measures = demoScale(now, scale)
  const on = baseImages(measures)
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
  { network = false, ...wish }: DemoOptions & { network?: boolean } = {},
): Promise<void> {
  await loadImages(docker, demoImages(wish))
  await createContainers(docker, network)
}
