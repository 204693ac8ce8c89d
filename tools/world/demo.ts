/** The demo's images and containers: what a developer's computer has after a few years. */
import type Docker from 'dockerode'
import { loadImages, type ImageSpec } from './images.ts'
import { createContainers } from './demo/containers.ts'
import { languageImages } from './demo/languages.ts'
import { demoScale } from './demo/steps.ts'
import { serviceImages } from './demo/services.ts'
import { baseImages } from './demo/base-images.ts'

export interface DemoOptions {
  /** The time that the images' ages are relative to. */
  readonly now?: Date
  /** The images' sizes relative to the real images. At 1 they are 4 GB and take a minute to load. */
  readonly scale?: number
}

/** The demo's images, oldest first. */
export function demoImages({ now = new Date(), scale = 0.05 }: DemoOptions = {}): ImageSpec[] {
  const scaling = demoScale(now, scale)
  const bases = baseImages(scaling)
  const { bookworm: _, oracle: __, ...taggedBases } = bases
  const images = [
    ...Object.values(taggedBases),
    ...Object.values(serviceImages(scaling, bases)),
    ...Object.values(languageImages(scaling, bases)),
  ]
  return images.sort((a, b) => a.created.getTime() - b.created.getTime())
}

/** Fills an engine with the demo's images and containers. With a network, containers publish their ports. */
export async function fillWithDemo(
  docker: Docker,
  { network = false, ...options }: DemoOptions & { network?: boolean } = {},
): Promise<void> {
  await loadImages(docker, demoImages(options))
  await createContainers(docker, network)
}
