/**
 * Lists the tags of a repository through Docker Hub's web API.
 * Source: docs.docker.com, reference/api/hub, "List repository tags".
 */
import * as v from 'valibot'
import { platformName } from '../../model/image/platform.ts'
import { hub, parseTag } from '../../model/image/reference.ts'
import { locateRepository } from '../../model/image/registry-place.ts'
import { mergeVariants, newestUsefulFirst } from '../../model/search/tags.ts'
import { fail, ok, type Failure, type Result, type TagVariant } from '../../preload/contract/index.ts'
import type { Http } from '../registry/index.ts'

const size = v.fallback(v.nullish(v.pipe(v.number(), v.minValue(0))), undefined)
const optionalText = v.fallback(v.nullish(v.string(), ''), '')
const image = v.object({ architecture: v.string(), os: v.string(), variant: optionalText, size })
const tag = v.object({
  name: v.string(),
  full_size: size,
  last_updated: optionalText,
  digest: v.fallback(v.optional(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))), undefined),
  images: v.fallback(v.nullish(v.array(v.unknown()), []), []),
})
const page = v.object({ next: v.nullish(v.string()), results: v.array(v.unknown()) })

export interface HubTagOptions {
  readonly http: Http
  readonly hubApi: string
  /** The engine's platform, such as `linux/arm64`; undefined if unknown. */
  readonly platform: () => string | undefined
  /** Timeout in milliseconds for all pages together. */
  readonly hubTimeoutMs: number
}

export interface VariantList {
  readonly variants: readonly TagVariant[]
  /** Whether the repository has more tags than were listed. */
  readonly more: boolean
}

/** Pages of 100 tags. A single push of an official image can move a hundred tags. */
const maxPages = 3

/** Fails if the first page cannot be read, or if there are no tags. */
export async function listHubTags(repository: string, options: HubTagOptions): Promise<Result<VariantList, Failure>> {
  const { path } = locateRepository(repository)
  const slash = path.indexOf('/')
  const [namespace, name] = [path.slice(0, slash), path.slice(slash + 1)]
  const address = new URL(`/v2/namespaces/${namespace}/repositories/${encodeURIComponent(name)}/tags`, options.hubApi)
  const deadline = Date.now() + options.hubTimeoutMs
  const variants: TagVariant[] = []
  let more = true
  for (let pageNumber = 1; more && pageNumber <= maxPages; pageNumber++) {
    address.search = new URLSearchParams({
      page_size: '100',
      ...(pageNumber > 1 && { page: String(pageNumber) }),
    }).toString()
    const timeoutMs = Math.max(1, deadline - Date.now())
    const answer = await options.http.json(address, page, { host: hub, timeoutMs })
    if (!answer.ok) {
      // Show the pages that were received.
      if (pageNumber > 1) break
      const isUnknown = answer.error.code === 'registry-error' && answer.error.status === 404
      return isUnknown ? fail({ code: 'reference-unknown', reference: repository }) : answer
    }
    variants.push(...answer.value.results.flatMap((result) => toVariant(result, options.platform())))
    more = Boolean(answer.value.next)
  }
  if (variants.length === 0) return fail({ code: 'registry-invalid-reply', host: hub })
  return ok({ variants: newestUsefulFirst(mergeVariants(variants)), more })
}

/** @returns an empty list if `result` is not a valid tag */
function toVariant(result: unknown, platform: string | undefined): TagVariant[] {
  const parsed = v.safeParse(tag, result)
  if (!parsed.success || !parseTag(`x:${parsed.output.name}`)) return []
  const { name, full_size: fullSize, last_updated: updated, digest, images } = parsed.output
  const parts = images.flatMap((entry) => {
    const part = v.safeParse(image, entry)
    // Attestations are listed as images of an unknown platform.
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

interface PlatformSize {
  readonly platform: string
  readonly size: number | undefined
}

/**
 * The compressed size for a platform; Docker Hub's `full_size` if the engine's platform is unknown or no platforms are
 * listed.
 */
function sizeFor(platform: string | undefined, parts: readonly PlatformSize[], fullSize: number | undefined) {
  if (platform === undefined || parts.length === 0) return fullSize
  return parts.find((part) => part.platform === platform)?.size
}
