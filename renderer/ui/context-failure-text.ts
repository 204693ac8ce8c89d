/** Texts for failures of a context or an address: the fact, the reason, and the next step. */
import type { EngineFailure } from '../../preload/contract/index.ts'
import { plain } from '../../model/text/plain.ts'
import { shellQuote } from '../../model/text/shell.ts'
import type { FailureText } from './failure-parts.ts'
import { joinSentences, t } from './i18n.svelte.ts'

type ContextFailure = Extract<EngineFailure, { code: 'context-unknown' | 'context-unreadable' | 'address-unusable' }>

export function contextFailureText(failure: ContextFailure): FailureText {
  switch (failure.code) {
    case 'context-unknown':
      return { title: t('error.context-unknown', { context: plain(failure.context) }), ...unknownContext(failure) }
    case 'context-unreadable':
      return {
        title: t('error.context-unreadable'),
        hint: t('error.context-unreadable.hint', { file: plain(failure.file), detail: plain(failure.detail) }),
      }
    case 'address-unusable':
      return unusableAddress(failure)
  }
}

function unknownContext({ source }: Extract<ContextFailure, { code: 'context-unknown' }>): Omit<FailureText, 'title'> {
  if (source === 'config') return { hint: t('error.context-unknown.config'), command: 'docker context use default' }
  const hint = t(source === undefined ? 'error.context-unknown.hint' : 'error.context-unknown.environment')
  return { hint, command: 'docker context ls' }
}

const faultKeys = {
  fd: 'error.address-unusable.fd',
  npipe: 'error.address-unusable.npipe',
  protocol: 'error.address-unusable.protocol',
  malformed: 'error.address-unusable.malformed',
  'ssh-password': 'error.address-unusable.ssh-password',
  'ssh-characters': 'error.address-unusable.ssh-characters',
} as const

function unusableAddress(failure: Extract<ContextFailure, { code: 'address-unusable' }>): FailureText {
  const { fault, context } = failure
  const reason = t(faultKeys[fault], { address: plain(failure.address) })
  if (context === undefined)
    return {
      title: t('error.address-unusable'),
      hint: joinSentences(reason, t('error.address-unusable.variable')),
    }
  const example =
    fault === 'ssh-password' || fault === 'ssh-characters' ? 'ssh://user@host' : 'unix:///var/run/docker.sock'
  return {
    title: t('error.address-unusable.context', { context: plain(context) }),
    hint: joinSentences(reason, t('error.address-unusable.update')),
    command: `docker context update ${shellQuote(context)} --docker host=${example}`,
  }
}
