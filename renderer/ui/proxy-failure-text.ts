/** Texts for failures of a proxy, and of an engine without one. */
import type { Failure } from '../../preload/contract/index.ts'
import { registryTitle } from '../../model/image/reference.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { joinSentences, t } from './i18n.svelte.ts'

type ProxyFailure = Extract<Failure, { readonly code: 'registry-proxy' | 'docker-proxy-missing' }>

export function proxyFailureText(failure: ProxyFailure): FailureText {
  const [host, proxy] = [registryTitle(failure.host), plain(failure.proxy)]
  if (failure.code === 'docker-proxy-missing')
    return { title: t('error.docker-proxy-missing', { host, proxy }), ...remedyText(failure.remedy) }
  const hint = t('error.registry-proxy.hint', { host, detail: plain(failure.detail) })
  switch (failure.reason) {
    case 'refused':
      return { title: t('error.registry-proxy.refused', { proxy }), hint }
    case 'no-host':
      return { title: t('error.registry-proxy.no-host', { proxy }), hint }
    case 'login':
      return {
        title: t('error.registry-proxy.login', { proxy }),
        hint: t('error.registry-proxy.login.hint', { proxy }),
      }
    default:
      return { title: t('error.registry-proxy', { proxy }), hint }
  }
}

function remedyText(
  remedy: Extract<ProxyFailure, { readonly code: 'docker-proxy-missing' }>['remedy'],
): Omit<FailureText, 'title'> {
  switch (remedy.kind) {
    case 'commands': {
      const hint = t('error.docker-proxy-missing.commands')
      const login = t('error.docker-proxy-missing.login')
      return { hint: remedy.needsLogin ? joinSentences(hint, login) : hint, command: remedy.commands }
    }
    case 'desktop':
      return { hint: t('error.docker-proxy-missing.desktop') }
    case 'unknown':
      return { hint: t('error.docker-proxy-missing.unknown') }
  }
}
