/** Texts for failures of certificates. */
import type { RegistryFailure } from '../../preload/contract/index.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { t } from './i18n.svelte.ts'

type TlsFailure = Extract<RegistryFailure, { readonly code: 'registry-tls' }>

/** `host`: the registry's name as it is shown. */
export function tlsFailureText({ reason, ...failure }: TlsFailure, host: string): FailureText {
  const detail = plain(failure.detail)
  const folder = `/etc/docker/certs.d/${plain(failure.host)}`
  const hint = t('error.registry-tls.hint', { detail })
  switch (reason) {
    case 'expired':
      return {
        title: t('error.registry-tls.expired', { host }),
        hint: t('error.registry-tls.expired.hint', { detail }),
      }
    case 'not-yet-valid':
      return { title: t('error.registry-tls.not-yet-valid', { host }), hint }
    case 'unknown-authority':
      return {
        title: t('error.registry-tls.unknown-authority', { host }),
        hint: t('error.registry-tls.unknown-authority.hint', { file: `${folder}/ca.crt`, detail }),
      }
    case 'client-certificate':
      return {
        title: t('error.registry-tls.client-certificate', { host }),
        hint: t('error.registry-tls.client-certificate.hint', { folder }),
      }
    default:
      return { title: t('error.registry-tls', { host }), hint }
  }
}
