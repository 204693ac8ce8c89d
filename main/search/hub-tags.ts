/** The tags of a repository by Docker Hub's web API. Source: docs.docker.com, reference/api/hub, "List repository tags". */
import * as v from 'valibot'
import { platformName } from '../../model/image/platform.ts'
import { hub, parseTag } from '../../model/image/reference.ts'
import { registryPlace } from '../../model/image/registry-place.ts'
import { mergeVariants, newestUsefulFirst } from '../../model/search/tags.ts'
import { fail, ok, type Failure, type Result, type TagVariant } from '../../preload/contract/index.ts'
import type { Http } from '../registry/index.ts'

const size = v.fallback(v.nullish(v.pipe(v.number(), v.minValue(0))), undefined)
const word = v.fallback(v.nullish(v.string(), ''), '')
const image = v.object({ architecture: v.string(), os: v.string(), variant: word, size })
const tag = v.object({
  name: v.string(),
  full_size: size,
  last_updated: word,
  digest: v.fallback(v.optional(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))), undefined),
  images: v.fallback(v.nullish(v.array(v.unknown()), []), []),
})
const page = v.object({ next: v.nullish(v.string()), results: v.array(v.unknown()) })

export interface HubNeeds {
  readonly http: Http
  readonly hubApi: string
  readonly platform: () => string | undefined
  readonly within: number
}

export interface Listed {
  readonly variants: readonly TagVariant[]
  readonly more: boolean
}

/** An official image's last push alone can be a hundred tags. */
const mostPages = 3

export async function hubTags(repository: string, needs: HubNeeds): Promise<Result<Listed, Failure>> {
  const { path } = registryPlace(repository)
  const slash = path.indexOf('/')
  const [namespace, name] = [path.slice(0, slash), path.slice(slash + 1)]
  const address = new URL(`/v2/namespaces/${namespace}/repositories/${encodeURIComponent(name)}/tags`, needs.hubApi)
  const until = Date.now() + needs.within
  const variants: TagVariant[] = []
  let more = true
  for (let number = 1; more && number <= mostPages; number++) {
    address.search = new URLSearchParams({ page_size: '100', ...(number > 1 && { page: String(number) }) }).toString()
    const within = Math.max(1, until - Date.now())
    const answer = await needs.http.json(address, page, { host: hub, within })
    if (!answer.ok) {
      // What has come is worth showing.
      if (number > 1) break
      const unknown = answer.error.code === 'registry-error' && answer.error.status === 404
      return unknown ? fail({ code: 'reference-unknown', reference: repository }) : answer
    }
    variants.push(...answer.value.results.flatMap((one) => toVariant(one, needs.platform())))
    more = Boolean(answer.value.next)
  }
  if (variants.length === 0) return fail({ code: 'registry-nonsense', host: hub })
  return ok({ variants: newestUsefulFirst(mergeVariants(variants)), more })
}

function toVariant(told: unknown, platform: string | undefined): TagVariant[] {
  const read = v.safeParse(tag, told)
  if (!read.success || !parseTag(`x:${read.output.name}`)) return []
  const { name, full_size: fullSize, last_updated: updated, digest, images } = read.output
  const parts = images.flatMap((one) => {
    const part = v.safeParse(image, one)
    // Attestations stand among the images, as of an unknown platform.
    return part.success && part.output.os !== 'unknown'
      ? [{ platform: platformName(part.output), size: part.output.size ?? undefined }]
      : []
  })
  const size = sizeFor(platform, parts, fullSize ?? undefined)
  const seconds = Math.floor(Date.parse(updated) / 1000)
  return [
    {
      tags: [name],
      platforms: [...new Set(parts.map(({ platform }) => platform))],
      ...(size !== undefined && { size }),
      ...(seconds > 0 && { updated: seconds }),
      ...(digest !== undefined && { digest }),
    },
  ]
}

interface Part {
  readonly platform: string
  readonly size: number | undefined
}

/** Where the engine's platform is not known, what Docker Hub gives as the size of the whole. */
function sizeFor(platform: string | undefined, parts: readonly Part[], fullSize: number | undefined) {
  if (platform === undefined || parts.length === 0) return fullSize
  return parts.find((part) => part.platform === platform)?.size
}
