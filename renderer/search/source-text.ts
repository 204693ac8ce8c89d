/** Texts about the sources of search results. */
import { hub, registryTitle } from '../../model/image/reference.ts'
import type { SearchAnswer, SearchSource } from '../../preload/contract/index.ts'
import { t } from '../ui/i18n.svelte.ts'

export function sourceName(source: SearchSource): string {
  switch (source.kind) {
    case 'catalogue':
      return t('discover.source.catalogue')
    case 'hub':
      return registryTitle(hub)
    case 'engine':
      return t('discover.source.engine')
    case 'host':
      return source.host
  }
}

/** Says in one line where the results come from. `warn` is true if a better source failed. */
export function sourceText({ source, failed, pending }: SearchAnswer): { text: string; warn: boolean } {
  const name = sourceName(source)
  if (pending) return { text: t('discover.searching'), warn: false }
  if (source.kind === 'catalogue' && failed.length > 0) return { text: t('discover.noneAnswered'), warn: true }
  const hubFailed = failed.some((failure) => failure.source.kind === 'hub')
  return hubFailed
    ? { text: t('discover.insteadOfHub', { name }), warn: true }
    : { text: t('discover.from', { name }), warn: false }
}
