/** What mirrors would best be tested with. */
import { registryOf } from '../../model/image/provenance.ts'
import { hub } from '../../model/image/reference.ts'
import type { Job } from '../../preload/contract/index.ts'

/** The image of Docker Hub that the user wanted last, be it to pull it or to test mirrors with it. */
export function lastWanted(jobs: readonly Job[]): string | undefined {
  const wanted = jobs.flatMap(({ subject, started }) => {
    if (subject.kind === 'race') return [{ image: subject.image, started }]
    const pulled = subject.kind === 'pull' && registryOf(subject.reference) === hub
    return pulled ? [{ image: subject.reference, started }] : []
  })
  return wanted.toSorted((a, b) => b.started - a.started)[0]?.image
}
