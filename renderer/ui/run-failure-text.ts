/** Texts for failures to run an image or to act on a container. */
import type { ContainerFailure, RunFailure } from '../../preload/contract/index.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-text.ts'
import { t } from './i18n.svelte.ts'

type Failure = RunFailure | ContainerFailure
type Code = Failure['code']
type Words = { readonly [C in Code]: (failure: Extract<Failure, { code: C }>) => FailureText }

const words: Words = {
  'run-fault': () => titled(t('error.run-fault')),
  'port-taken': ({ port }) => titled(t('error.port-taken', { port: plain(port) })),
  'container-name-taken': ({ name }) => titled(t('error.container-name-taken', { name: plain(name) })),
  'command-missing': ({ command }) => titled(t('error.command-missing', { command: plain(command) })),
  'image-platform': ({ platform, engine }) => titled(t('error.image-platform', { platform, engine })),
  'mount-missing': ({ source }) => titled(t('error.mount-missing', { source: plain(source) })),
  'network-unknown': ({ network }) => titled(t('error.network-unknown', { network: plain(network) })),
  'user-unknown': ({ user }) => titled(t('error.user-unknown', { user: plain(user) })),
  'reference-moved': ({ reference }) => titled(t('error.reference-moved', { reference: plain(reference) })),
  'run-refused': ({ detail }) => ({
    title: t('error.run-refused'),
    hint: t('error.run-refused.hint', { detail: plain(detail) }),
  }),
  'container-gone': () => titled(t('error.container-gone')),
  'container-running': () => titled(t('error.container-running')),
  'container-moved': () => titled(t('error.container-moved')),
  'container-not-running': () => titled(t('error.container-not-running')),
  'shell-missing': () => titled(t('error.shell-missing')),
  'terminal-gone': () => titled(t('error.terminal-gone')),
}

const titled = (title: string): FailureText => ({ title, hint: '' })

export const isRunFailure = (failure: { readonly code: string }): failure is Failure => failure.code in words

export const runFailureText = (failure: Failure): FailureText =>
  (words[failure.code] as (failure: Failure) => FailureText)(failure)
