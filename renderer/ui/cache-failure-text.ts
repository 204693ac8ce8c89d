/** Texts for failures to remove build cache. */
import type { CacheFailure, Failure } from '../../preload/contract/index.ts'
import type { FailureText } from './failure-parts.ts'
import { t } from './i18n.svelte.ts'

const titles = {
  'cache-not-removable': 'error.cache-not-removable',
  'cache-not-removed': 'error.cache-not-removed',
  'cache-more-removed': 'error.cache-more-removed',
} as const

export const isCacheFailure = (failure: Failure): failure is CacheFailure => failure.code in titles

export const cacheFailureText = ({ code }: CacheFailure): FailureText => ({ title: t(titles[code]), hint: '' })
