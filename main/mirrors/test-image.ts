/** Chooses the image to test mirrors with. */
import { registryOf } from '../../model/image/provenance.ts'
import { hub } from '../../model/image/reference.ts'
import type { Job } from '../../preload/contract/index.ts'

/** @returns the Docker Hub image that was pulled or tested last; undefined if there is none */
export function lastHubImage(jobs: readonly Job[]): string | undefined {
  const images = jobs.flatMap(({ subject, started }) => {
    if (subject.kind === 'race') return [{ image: subject.image, started }]
    const isHubPull = subject.kind === 'pull' && registryOf(subject.reference) === hub
    return isHubPull ? [{ image: subject.reference, started }] : []
  })
  return images.toSorted((a, b) => b.started - a.started)[0]?.image
}
