/** Texts for failures: the fact, the reason, and the next step, possibly as a command. */
import type { EngineFailure, Failure, RegistryFailure } from '../../preload/contract/index.ts'
import { hub, registryTitle } from '../../model/image/reference.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { cacheFailureText, isCacheFailure } from './cache-failure-text.ts'
import { contextFailureText } from './context-failure-text.ts'
import { copyFailureText } from './copy-failure-text.ts'
import { daemonFileFailureText, isDaemonFileFailure } from './daemon-file-failure-text.ts'
import { isRunFailure, runFailureText } from './run-failure-text.ts'
import { dateTime, size, t } from './i18n.svelte.ts'
export type { FailureText }

export function failureText(failure: Failure): FailureText {
  if (isDaemonFileFailure(failure)) return daemonFileFailureText(failure)
  if (isRunFailure(failure)) return runFailureText(failure)
  if (isCacheFailure(failure)) return cacheFailureText(failure)
  switch (failure.code) {
    case 'bad-input':
    case 'internal':
      return { title: t('error.internal'), hint: '' }
    case 'image-gone':
      return { title: t('error.image-gone'), hint: '' }
    case 'tag-taken':
      return { title: t('error.tag-taken', { reference: failure.reference }), hint: '' }
    case 'plan-unknown':
    case 'plan-outdated':
      return { title: t('error.plan-outdated'), hint: '' }
    case 'image-changed':
      return { title: t('error.image-changed'), hint: '' }
    case 'image-not-removed':
      return { title: t('error.image-not-removed'), hint: '' }
    case 'name-taken':
      return { title: t('error.name-taken', { reference: failure.reference }), hint: '' }
    case 'disk-full': {
      const { folder } = failure
      const [needed, free] = [size(failure.needed), size(failure.free)]
      return { title: t('error.disk-full'), hint: t('error.disk-full.hint', { folder, needed, free }) }
    }
    case 'folder-unusable':
      return {
        title: t('error.folder-unusable'),
        hint: t('error.folder-unusable.hint', { folder: failure.folder, detail: plain(failure.detail) }),
      }
    case 'undo-unavailable':
      return { title: t('error.undo-unavailable'), hint: '' }
    case 'undo-other-engine':
      return { title: t('error.undo-other-engine'), hint: t('error.undo-other-engine.hint', failure) }
    case 'copy-missing':
    case 'copy-not-deleted':
    case 'copy-failed':
    case 'copy-incomplete':
    case 'copy-changed':
    case 'copy-not-loaded':
      return copyFailureText(failure)
    case 'registry-unreachable':
    case 'registry-slow':
    case 'registry-tls':
    case 'registry-login':
    case 'registry-denied':
    case 'registry-limited':
    case 'registry-invalid-reply':
    case 'registry-error':
    case 'reference-invalid':
    case 'reference-unknown':
    case 'platform-missing':
    case 'pull-corrupt':
    case 'pull-disk-full':
    case 'pull-no-space':
    case 'registry-redirects':
    case 'content-altered':
    case 'mirror-accepts-unknown-digest':
      return registryFailureText(failure)
    case 'mirror-address-invalid':
      return { title: t('error.mirror-address-invalid', { address: plain(failure.address) }), hint: '' }
    case 'mirror-listed':
      return { title: t('error.mirror-listed', { address: failure.address }), hint: '' }
    case 'mirrors-too-many':
      return { title: t('error.mirrors-too-many', { n: failure.limit }), hint: '' }
    case 'file-unusable':
      return {
        title: t('error.file-unusable'),
        hint: t('error.file-unusable.hint', { file: plain(failure.file), detail: plain(failure.detail) }),
      }
    default:
      return engineFailureText(failure)
  }
}

function registryFailureText(failure: RegistryFailure): FailureText {
  const host = 'host' in failure ? registryTitle(failure.host) : ''
  switch (failure.code) {
    case 'registry-unreachable': {
      const detail = plain(failure.detail)
      return {
        title: unreachableTitle(failure.reason, host),
        hint: t('error.registry-unreachable.hint', { detail }),
      }
    }
    case 'registry-slow':
      return { title: t('error.registry-slow', { host }), hint: t('error.registry-slow.hint') }
    case 'registry-tls': {
      const detail = plain(failure.detail)
      const title =
        failure.reason === undefined
          ? t('error.registry-tls', { host })
          : failure.reason === 'expired'
            ? t('error.registry-tls.expired', { host })
            : t('error.registry-tls.not-yet-valid', { host })
      return { title, hint: t('error.registry-tls.hint', { detail }) }
    }
    case 'registry-login':
      return {
        title: t('error.registry-login', { host }),
        hint: t('error.registry-login.hint'),
        command: failure.host === hub ? 'docker login' : `docker login ${failure.host}`,
      }
    case 'registry-denied':
      return {
        title: t('error.registry-denied', { host }),
        hint: t('error.registry-denied.hint', { host }),
      }
    case 'registry-limited':
      if (failure.loginUnused)
        return {
          title: t('error.registry-limited.anonymous', { host }),
          hint: t('error.registry-limited.loginUnused'),
        }
      return {
        title: t('error.registry-limited', { host }),
        hint:
          failure.until === undefined
            ? t('error.registry-limited.hint')
            : t('error.registry-limited.until', { time: dateTime(failure.until) }),
      }
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
        hint: t('error.platform-missing.hint'),
      }
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
    case 'content-altered':
      return { title: t('error.content-altered', { host }), hint: t('error.content-altered.hint') }
    case 'mirror-accepts-unknown-digest':
      return {
        title: t('error.mirror-accepts-unknown-digest', { host }),
        hint: t('error.mirror-accepts-unknown-digest.hint'),
      }
  }
}

function unreachableTitle(reason: Extract<RegistryFailure, { code: 'registry-unreachable' }>['reason'], host: string) {
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

export function engineFailureText(failure: EngineFailure): FailureText {
  switch (failure.code) {
    case 'engine-not-found':
      return {
        title: t('error.engine-not-found'),
        hint: t('error.engine-not-found.hint'),
        command: startDocker,
      }
    case 'engine-stopped':
      return { title: t('error.engine-stopped'), hint: t('error.engine-stopped.hint'), command: startDocker }
    case 'engine-permission':
      return {
        title: t('error.engine-permission'),
        hint: t('error.engine-permission.hint'),
        command: 'sudo usermod -aG docker "$USER"',
      }
    case 'engine-unreachable':
      return {
        title: t('error.engine-unreachable'),
        hint: t('error.engine-unreachable.hint', { detail: plain(failure.detail) }),
      }
    case 'engine-timeout':
      return {
        title: t('error.engine-timeout'),
        hint: t('error.engine-timeout.hint', { seconds: String(failure.seconds) }),
      }
    case 'engine-too-old':
      return { title: t('error.engine-too-old'), hint: t('error.engine-too-old.hint', failure) }
    case 'engine-refused':
      return {
        title: t('error.engine-refused'),
        hint: t('error.engine-refused.hint', { detail: plain(failure.detail) }),
      }
    default:
      return contextFailureText(failure)
  }
}

const startDocker = 'sudo systemctl start docker'
