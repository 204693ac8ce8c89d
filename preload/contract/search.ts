/** Finding images that are not here: by words, by fame, and the tags of one of them. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { Language } from './settings.ts'

/**
 * Who told: the catalogue that comes with the app, Docker Hub's web API, the engine (which asks Docker Hub), or another
 * host that answers searches.
 */
export type SearchSource =
  | { readonly kind: 'catalogue' }
  | { readonly kind: 'hub' }
  | { readonly kind: 'engine' }
  | { readonly kind: 'host'; readonly host: string }

export interface FoundImage {
  /** In its familiar form: `nginx`, `bitnami/nginx`. */
  readonly repository: string
  /** As its source tells it, in whatever language: nothing to be trusted. */
  readonly description: string
  readonly official: boolean
  /** Not known of all. */
  readonly stars?: number
  /** Engines from API 1.45 on no longer tell. */
  readonly automated?: boolean
  /** What Slipway's own catalogue says of an official image. */
  readonly known?: KnownImage
}

/** Slipway's own words on an official image. */
export interface KnownImage {
  readonly words: Readonly<Record<Language, { readonly what: string; readonly use: string }>>
  readonly categories: readonly string[]
  /** No longer kept up, and what to use in its place. */
  readonly deprecated?: { readonly instead: readonly string[] }
}

export interface SourceFailure {
  readonly source: SearchSource
  readonly failure: Failure
}

export interface SearchAnswer {
  /** What was searched for: an answer to something else than what stands in the box is not shown. */
  readonly words: string
  readonly source: SearchSource
  readonly images: readonly FoundImage[]
  /** Those that were asked and did not answer. */
  readonly failed: readonly SourceFailure[]
  /** Whether a better answer may still come, by event. */
  readonly pending: boolean
}

/** The most starred images of the catalogue. */
export interface Featured {
  /** When the stars were counted: year and month. */
  readonly starred: string
  readonly images: readonly FoundImage[]
}

/** One variant of an image, with all the tags that lead to it. */
export interface TagVariant {
  /** The one to show first, then its aliases. */
  readonly tags: readonly string[]
  /** As `linux/arm64/v8`; empty where it is not known. */
  readonly platforms: readonly string[]
  /** As it is downloaded, compressed, for the engine's platform. */
  readonly size?: Bytes
  /** Seconds since 1970. */
  readonly updated?: number
  readonly digest?: string
}

export interface TagList {
  readonly repository: string
  readonly source: 'hub' | 'registry' | 'catalogue'
  /** The day on which the catalogue's tags were listed: `2026-08-22`. */
  readonly asOf?: string
  /** Newest useful first. */
  readonly variants: readonly TagVariant[]
  /** Whether there are more than these. */
  readonly more: boolean
  /** Why a better source did not answer. */
  readonly failure?: Failure
}

const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  /** The catalogue's answer at once; those of better sources come as `discover.answered`. */
  'search.query': call(v.pipe(v.string(), v.maxLength(200)), type<SearchAnswer>()),
  'search.featured': call(v.undefined(), type<Featured>()),
  /** Nothing but a failure where no source knows any. */
  'search.tags': call(reference, type<TagList>()),
}
export const events = { 'search.answered': event<SearchAnswer>() }
