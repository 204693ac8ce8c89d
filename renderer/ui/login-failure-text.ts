/** Texts for failures of a login to a registry. */
import { hub, registryTitle } from '../../model/image/reference.ts'
import { plain } from '../../model/text/plain.ts'
import type { Failure, HelperFailure } from '../../preload/contract/index.ts'
import type { FailureText } from './failure-parts.ts'
import { joinSentences, t } from './i18n.svelte.ts'

type LoginFailure = Extract<Failure, { code: 'registry-login' | 'registry-realm' }>

export function loginFailureText(failure: LoginFailure): FailureText {
  if (failure.code === 'registry-realm') {
    const hosts = { host: registryTitle(failure.host), realm: plain(failure.realm) }
    return { title: t('error.registry-realm', hosts), hint: t('error.registry-realm.hint', hosts) }
  }
  const { host, helper, reason } = failure
  const title = t('error.registry-login', { host: registryTitle(host) })
  // `docker login` fails as well as long as the helper does.
  if (helper) return addHelperText({ title, hint: '' }, helper)
  if (reason === 'unencrypted') return { title, hint: t('error.registry-login.unencrypted') }
  if (reason === 'unverified') return { title, hint: t('error.registry-login.unverified') }
  return { title, hint: t('error.registry-login.hint'), command: loginCommand(host) }
}

export const loginCommand = (host: string) => (host === hub ? 'docker login' : `docker login ${host}`)

/** Adds why the stored login could not be read, and how to find out more. */
export function addHelperText({ title, hint }: FailureText, { name, problem, message }: HelperFailure): FailureText {
  const reason = reasonOf(problem, name, plain(message))
  const command = problem === 'missing' ? {} : { command: `${name} list` }
  return { title, hint: joinSentences(hint, reason), ...command }
}

function reasonOf(problem: HelperFailure['problem'], name: string, message: string): string {
  if (problem === 'missing') return t('error.login-helper.missing', { name })
  if (problem === 'slow') return t('error.login-helper.slow', { name })
  return message ? t('error.login-helper.failed', { name, message }) : t('error.login-helper.invalid', { name })
}
