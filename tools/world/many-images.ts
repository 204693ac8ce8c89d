/** Thousands of images, for measuring: as a build server's, small but all different. */
import type { ImageSpec } from './images.ts'

const words =
  'api app auth batch billing cart chat cron docs edge feed gate geo hook hub jobs mail pay push search'.split(' ')
const parts =
  'admin agent cache core db front gateway index ingest main proxy queue report router sync test tools ui web worker'.split(
    ' ',
  )
const hosts = ['', 'registry.local:5000/', 'ghcr.io/']

/** Names that are told apart early, late, and by their registry: 800 of them. */
const repositories = Array.from({ length: 800 }, (_, i) => {
  const [word, part] = [words[i % words.length], parts[Math.floor(i / words.length) % parts.length]]
  return `${hosts[i % hosts.length]}team-${Math.floor(i / 400) + 1}/${word}-${part}`
})

export interface ManyImagesOptions {
  /** How many different layers they share, each image one upon a common base. */
  readonly layers?: number
  /** They share nothing, and have one name each. */
  readonly shareNothing?: boolean
  /** What their ages are counted from: they are spread over five years. */
  readonly now?: Date
}

/** As many images, each with one to three tags, deterministic but for the dates. */
export function* manyImages(
  count: number,
  { shareNothing: apart = false, layers = apart ? count : 100, now = new Date() }: ManyImagesOptions = {},
): Generator<ImageSpec> {
  const base: ImageSpec = {
    references: [],
    created: new Date(now.getTime() - 5 * year),
    config: { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/app'] },
    steps: [{ instruction: '/bin/sh -c #(nop) ADD file:0c1f in / ', bytes: 1_000_000 }],
  }
  const steps = Array.from({ length: layers }, (_, i) => ({
    instruction: `COPY release-${i} / # buildkit`,
    bytes: 1_000 + ((i * 7919) % layers) * 1_300,
  }))
  for (let i = 0; i < count; i++) {
    const repository = repositories[i % repositories.length]!
    const release = Math.floor(i / repositories.length) + 1
    const references = [`${repository}:1.${release}`]
    if (i % 5 === 0 && !apart) references.push(`${repository}:1.${release}-stable`)
    if (i + repositories.length >= count && !apart) references.push(`${repository}:latest`)
    yield {
      references,
      ...(!apart && { base }),
      created: new Date(now.getTime() - ((i * 104_729) % (5 * 365 * 24)) * hour),
      config: {
        Labels: { 'org.opencontainers.image.title': `Release ${release} of ${repository}`, number: String(i) },
      },
      steps: [steps[apart ? i : (i * 31) % layers]!, { instruction: 'CMD ["/bin/app"]' }],
    }
  }
}

const hour = 3_600_000
const year = 365 * 24 * hour
