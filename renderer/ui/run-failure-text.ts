/** Texts for failures to run an image or to act on a container. */
import type { ContainerFailure, RunFailure } from '../../preload/contract/index.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { t } from './i18n.svelte.ts'

type Failure = RunFailure | ContainerFailure
type Code = Failure['code']
type TextByCode = { readonly [C in Code]: (failure: Extract<Failure, { code: C }>) => FailureText }

const textByCode: TextByCode = {
  'run-fault': () => titleOnly(t('error.run-fault')),
  'port-taken': ({ port }) => titleOnly(t('error.port-taken', { port: plain(port) })),
  'container-name-taken': ({ name }) => titleOnly(t('error.container-name-taken', { name: plain(name) })),
  'command-missing': ({ command }) => titleOnly(t('error.command-missing', { command: plain(command) })),
  'image-platform': ({ platform, engine }) => titleOnly(t('error.image-platform', { platform, engine })),
  'program-format': () => titleOnly(t('error.program-format')),
  'mount-denied': ({ source }) => titleOnly(t('error.mount-denied', { source: plain(source) })),
  'mount-declined': ({ source }) => titleOnly(t('error.mount-declined', { source: plain(source) })),
  'firewall-rules-lost': ({ restart }) => ({
    title: t('error.firewall-rules-lost'),
    hint: t('error.firewall-rules-lost.hint'),
    ...(restart !== undefined && { command: restart }),
  }),
  'mount-missing': ({ source }) => titleOnly(t('error.mount-missing', { source: plain(source) })),
  'network-unknown': ({ network }) => titleOnly(t('error.network-unknown', { network: plain(network) })),
  'user-unknown': ({ user }) => titleOnly(t('error.user-unknown', { user: plain(user) })),
  'reference-moved': ({ reference }) => titleOnly(t('error.reference-moved', { reference: plain(reference) })),
  'run-refused': ({ detail }) => ({
    title: t('error.run-refused'),
    hint: t('error.run-refused.hint', { detail: plain(detail) }),
  }),
  'container-gone': () => titleOnly(t('error.container-gone')),
  'container-running': () => titleOnly(t('error.container-running')),
  'container-changed': () => titleOnly(t('error.container-changed')),
  'container-not-running': () => titleOnly(t('error.container-not-running')),
  'shell-missing': () => titleOnly(t('error.shell-missing')),
  'terminal-gone': () => titleOnly(t('error.terminal-gone')),
  'terminals-too-many': ({ limit }) => titleOnly(t('error.terminals-too-many', { n: limit })),
}

const titleOnly = (title: string): FailureText => ({ title, hint: '' })

export const isRunFailure = (failure: { readonly code: string }): failure is Failure => failure.code in textByCode

export const runFailureText = (failure: Failure): FailureText =>
  (textByCode[failure.code] as (failure: Failure) => FailureText)(failure)
