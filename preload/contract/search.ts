/** Images in registries: search by words, popular images, and an image's tags. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { Language } from './settings.ts'

/**
 * The source of a result: the app's catalogue, Docker Hub's web API, the engine (which queries Docker Hub), or another
 * host that supports searches.
 */
export type SearchSource =
  | { readonly kind: 'catalogue' }
  | { readonly kind: 'hub' }
  | { readonly kind: 'engine' }
  | { readonly kind: 'host'; readonly host: string }

export interface FoundImage {
  /** The familiar name: `nginx`, `bitnami/nginx`. */
  readonly repository: string
  /** The source's description, in any language. Untrusted text. */
  readonly description: string
  readonly official: boolean
  /** Absent if the source does not report stars. */
  readonly stars?: number
  /** Whether the image is an automated build. Absent if not reported, as by engines since API 1.45. */
  readonly automated?: boolean
  /** The catalogue's entry for an official image. */
  readonly known?: KnownImage
}

/** The catalogue's description of an official image. */
export interface KnownImage {
  readonly words: Readonly<Record<Language, { readonly what: string; readonly use: string }>>
  readonly categories: readonly string[]
  /** Set if the image is no longer maintained, with its replacements. */
  readonly deprecated?: { readonly instead: readonly string[] }
}

export interface SourceFailure {
  readonly source: SearchSource
  readonly failure: Failure
}

export interface SearchAnswer {
  /** The query. The window ignores answers to earlier queries. */
  readonly words: string
  readonly source: SearchSource
  readonly images: readonly FoundImage[]
  /** The sources that failed. */
  readonly failed: readonly SourceFailure[]
  /** Whether a better answer may follow as an event. */
  readonly pending: boolean
}

/** The catalogue's images whose star count is known, most stars first. */
export interface Featured {
  /** Year and month of the star counts. */
  readonly starred: string
  readonly images: readonly FoundImage[]
}

/** A variant of an image with all its tags. */
export interface TagVariant {
  /** The main tag first, then its aliases. */
  readonly tags: readonly string[]
  /** Such as `linux/arm64/v8`; empty if unknown. */
  readonly platforms: readonly string[]
  /** The compressed download size for the engine's platform. */
  readonly size?: Bytes
  /** Seconds since 1970. */
  readonly updated?: number
  readonly digest?: string
}

export interface TagList {
  readonly repository: string
  readonly source: 'hub' | 'registry' | 'catalogue'
  /** The date of the catalogue's tags: `2026-08-22`. */
  readonly asOf?: string
  /** The newest useful variants first. */
  readonly variants: readonly TagVariant[]
  /** Whether the image has more tags than these. */
  readonly more: boolean
  /** Why a better source failed. */
  readonly failure?: Failure
}

const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  /** Returns the catalogue's answer at once. Answers of better sources follow as `search.answered` events. */
  'search.query': call(v.pipe(v.string(), v.maxLength(200)), type<SearchAnswer>()),
  'search.featured': call(v.undefined(), type<Featured>()),
  /** Fails if no source knows any tags. */
  'search.tags': call(reference, type<TagList>()),
}
export const events = { 'search.answered': event<SearchAnswer>() }
