/** Texts for failures of a registry, a search or a pull. */
import type { RegistryFailure } from '../../preload/contract/index.ts'
import { hub, registryTitle } from '../../model/image/reference.ts'
import { plain } from '../../model/text/plain.ts'
import { addIdsCommand, type FailureText } from './failure-parts.ts'
import { addHelperText, loginCommand, loginFailureText } from './login-failure-text.ts'
import { proxyFailureText } from './proxy-failure-text.ts'
import { tlsFailureText } from './tls-failure-text.ts'
import { dateTime, joinNames, joinSentences, size, t } from './i18n.svelte.ts'

export function registryFailureText(failure: RegistryFailure): FailureText {
  if ('helper' in failure && failure.code !== 'registry-login') {
    const { helper, ...withoutHelper } = failure
    return addHelperText(registryFailureText(withoutHelper), helper)
  }
  const host = 'host' in failure ? registryTitle(failure.host) : ''
  switch (failure.code) {
    case 'registry-unreachable': {
      const detail = plain(failure.detail)
      return {
        title: unreachableTitle(failure.reason, host),
        hint: failure.downloading
          ? t('error.registry-unreachable.downloading', { detail })
          : unreachableHint(failure.reason, detail),
      }
    }
    case 'registry-slow':
      return { title: t('error.registry-slow', { host }), hint: t('error.registry-slow.hint') }
    case 'registry-tls':
      return tlsFailureText(failure, host)
    case 'registry-login':
    case 'registry-realm':
      return loginFailureText(failure)
    case 'registry-proxy':
    case 'docker-proxy-missing':
      return proxyFailureText(failure)
    case 'registry-denied':
      if (failure.mirror)
        return { title: t('error.registry-denied.mirror', { host }), hint: t('error.registry-denied.mirror.hint') }
      return {
        title: t('error.registry-denied', { host }),
        hint: t('error.registry-denied.hint', { host }),
      }
    case 'registry-region':
      return { title: t('error.registry-region', { host }), hint: t('error.registry-region.hint') }
    case 'registry-limited':
      if (failure.loginUnused)
        return {
          title: t('error.registry-limited.anonymous', { host }),
          hint: t('error.registry-limited.loginUnused'),
        }
      if (failure.anonymous)
        return {
          title: t('error.registry-limited.anonymous', { host }),
          hint: t('error.registry-limited.login'),
          command: loginCommand(failure.host),
        }
      return {
        title: t('error.registry-limited', { host }),
        hint: limitedHint(failure),
      }
    case 'registry-plain':
      return plainText(failure)
    case 'engine-proxy':
      return proxyText(failure)
    case 'registry-invalid-reply':
      return {
        title: failure.page
          ? t('error.registry-invalid-reply.page', { host })
          : t('error.registry-invalid-reply', { host }),
        hint: t('error.registry-invalid-reply.hint'),
      }
    case 'registry-error': {
      const { status } = failure
      if (status === 410) return { title: t('error.registry-gone', { host }), hint: '' }
      return {
        title: t('error.registry-error', { host, status: String(status) }),
        hint: t('error.registry-error.hint'),
      }
    }
    case 'reference-invalid':
      return { title: t('error.reference-invalid', { reference: plain(failure.reference) }), hint: '' }
    case 'reference-unknown':
      return {
        title: t('error.reference-unknown', { reference: plain(failure.reference) }),
        hint: t('error.reference-unknown.hint'),
      }
    case 'platform-missing': {
      const { platform } = failure
      const reference = plain(failure.reference)
      return {
        title: t('error.platform-missing', { reference, platform }),
        hint: failure.platforms
          ? t('error.platform-missing.platforms', { platforms: joinNames(failure.platforms.map(plain)) })
          : t('error.platform-missing.hint'),
      }
    }
    case 'image-system': {
      const [reference, system] = [plain(failure.reference), systemName(failure.system)]
      return {
        title: t('error.image-system', { reference, system }),
        hint: failure.system === 'windows' ? t('error.image-system.hint') : t('error.platform-missing.hint'),
      }
    }
    case 'image-format-old':
      return {
        title: t('error.image-format-old', { reference: plain(failure.reference) }),
        hint: t('error.image-format-old.hint'),
      }
    case 'engine-ids-missing':
      return {
        title: t('error.engine-ids-missing', { reference: plain(failure.reference) }),
        hint: t('error.engine-ids-missing.hint'),
        command: addIdsCommand,
      }
    case 'pull-corrupt':
      return {
        title: t('error.pull-corrupt', { reference: plain(failure.reference) }),
        hint: t('error.pull-corrupt.hint'),
      }
    case 'pull-disk-full':
      return { title: t('error.pull-disk-full'), hint: t('error.pull-disk-full.hint') }
    case 'pull-no-space': {
      const [needed, free] = [size(failure.needed), size(failure.free)]
      return { title: t('error.pull-no-space'), hint: t('error.pull-no-space.hint', { needed, free }) }
    }
    case 'registry-redirects':
      return { title: t('error.registry-redirects', { host }), hint: t('error.registry-invalid-reply.hint') }
    case 'registry-address': {
      const target = plain(failure.target)
      return {
        title:
          failure.address === undefined
            ? t('error.registry-address', { host, target })
            : t('error.registry-address.resolved', { host, target, address: plain(failure.address) }),
        hint: t('error.registry-address.hint'),
      }
    }
    case 'content-altered':
      return { title: t('error.content-altered', { host }), hint: t('error.content-altered.hint') }
    case 'mirror-accepts-unknown-digest':
      return {
        title: t('error.mirror-accepts-unknown-digest', { host }),
        hint: t('error.mirror-accepts-unknown-digest.hint'),
      }
  }
}

type Unreachable = Extract<RegistryFailure, { code: 'registry-unreachable' }>

function unreachableTitle(reason: Unreachable['reason'], host: string) {
  switch (reason) {
    case 'no-host':
      return t('error.registry-unreachable.no-host', { host })
    case 'no-network':
      return t('error.registry-unreachable.no-network', { host })
    case 'refused':
      return t('error.registry-unreachable.refused', { host })
    case 'cut':
      return t('error.registry-unreachable.cut', { host })
    case undefined:
      return t('error.registry-unreachable', { host })
  }
}

function unreachableHint(reason: Unreachable['reason'], detail: string) {
  if (reason === 'no-host') return t('error.registry-unreachable.no-host.hint', { detail })
  if (reason === 'refused') return t('error.registry-unreachable.refused.hint', { detail })
  return t('error.registry-unreachable.hint', { detail })
}

function limitedHint({ until, mirror }: Extract<RegistryFailure, { code: 'registry-limited' }>) {
  if (until !== undefined) return t('error.registry-limited.until', { time: dateTime(until) })
  return mirror ? t('error.registry-limited.mirror') : t('error.registry-limited.hint')
}

const systemName = (system: string) => (system === 'windows' ? 'Windows' : plain(system))

function plainText({ host, mirror, proxy, reload }: Extract<RegistryFailure, { code: 'registry-plain' }>): FailureText {
  const title = t('error.registry-plain', { host: registryTitle(host) })
  if (host === hub) return { title, hint: t('error.registry-plain.hub') }
  if (mirror) return { title, hint: t('error.registry-plain.mirror', { address: `http://${host}` }) }
  const line = `"insecure-registries": ["${host}"]`
  const hint = proxy ? t('error.registry-plain.perhaps', { line }) : t('error.registry-plain.hint', { line })
  return reload === undefined
    ? { title, hint }
    : { title, hint: joinSentences(hint, t('error.registry-plain.reload')), command: reload }
}

function proxyText(failure: Extract<RegistryFailure, { code: 'engine-proxy' }>): FailureText {
  const proxy = plain(failure.proxy ?? '')
  const detail = plain(failure.detail)
  switch (failure.reason) {
    case 'unreachable':
      return {
        title: proxy ? t('error.engine-proxy.named', { proxy }) : t('error.engine-proxy'),
        hint: t('error.engine-proxy.hint', { detail }),
      }
    case 'plain':
      return { title: t('error.engine-proxy.plain'), hint: t('error.engine-proxy.plain.hint') }
    case 'login':
      return { title: t('error.engine-proxy.login'), hint: t('error.engine-proxy.login.hint') }
    case 'refused':
      return {
        title: t('error.engine-proxy.refused', { host: registryTitle(failure.host) }),
        hint: t('error.engine-proxy.refused.hint', { detail }),
      }
  }
}
