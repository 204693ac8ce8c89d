/** Thousands of small, different images, as on a build server, for performance tests. */
import type { ImageSpec } from './images.ts'

const words =
  'api app auth batch billing cart chat cron docs edge feed gate geo hook hub jobs mail pay push search'.split(' ')
const parts =
  'admin agent cache core db front gateway index ingest main proxy queue report router sync test tools ui web worker'.split(
    ' ',
  )
const hosts = ['', 'registry.local:5000/', 'ghcr.io/']

/** 800 names. They differ at the start, at the end, or in the registry. */
const repositories = Array.from({ length: 800 }, (_, i) => {
  const [word, part] = [words[i % words.length], parts[Math.floor(i / words.length) % parts.length]]
  return `${hosts[i % hosts.length]}team-${Math.floor(i / 400) + 1}/${word}-${part}`
})

export interface ManyImagesOptions {
  /** The number of different layers. Each image has one of them on top of a common base. Default: 100. */
  readonly layers?: number
  /** The images share no layers, not even a base, and have one reference each. */
  readonly shareNothing?: boolean
  /** The images' dates are spread over the five years before this time. */
  readonly now?: Date
}

/** Generates `count` images with one to three references each. Everything except the dates is deterministic. */
export function* manyImages(
  count: number,
  { shareNothing = false, layers = shareNothing ? count : 100, now = new Date() }: ManyImagesOptions = {},
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
    if (i % 5 === 0 && !shareNothing) references.push(`${repository}:1.${release}-stable`)
    if (i + repositories.length >= count && !shareNothing) references.push(`${repository}:latest`)
    yield {
      references,
      ...(!shareNothing && { base }),
      created: new Date(now.getTime() - ((i * 104_729) % (5 * 365 * 24)) * hour),
      config: {
        Labels: { 'org.opencontainers.image.title': `Release ${release} of ${repository}`, number: String(i) },
      },
      steps: [steps[shareNothing ? i : (i * 31) % layers]!, { instruction: 'CMD ["/bin/app"]' }],
    }
  }
}

const hour = 3_600_000
const year = 365 * 24 * hour
