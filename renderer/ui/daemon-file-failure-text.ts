/** Texts for daemon.json failures: the fact, the next step, and the state of the file. */
import type { DaemonFileFailure, UnsuitableFileReason, DaemonFileState } from '../../preload/contract/index.ts'
import type { MessageKey } from '../../resources/messages/index.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { joinSentences, size, t } from './i18n.svelte.ts'

type Code = DaemonFileFailure['code']
type TextByCode = { readonly [C in Code]: (failure: Extract<DaemonFileFailure, { code: C }>) => FailureText }

const textByCode: TextByCode = {
  'helper-missing': ({ file }) => ({
    title: t('error.helper-missing'),
    hint: t('error.helper-missing.hint', { file }),
  }),
  'helper-dismissed': () => ({ title: t('error.helper-dismissed'), hint: t('error.helper-dismissed.hint') }),
  'helper-no-agent': () => ({ title: t('error.helper-no-agent'), hint: t('error.helper-no-agent.hint') }),
  'helper-not-allowed': () => ({ title: t('error.helper-not-allowed'), hint: t('error.helper-not-allowed.hint') }),
  'helper-version': () => ({ title: t('error.helper-version'), hint: t('error.helper-version.hint') }),
  'helper-ended': ({ detail }) => ({
    title: t('error.helper-ended'),
    hint: t('error.helper-ended.hint', { detail: plain(detail) }),
  }),
  'helper-busy': () => ({ title: t('error.helper-busy'), hint: t('error.helper-busy.hint') }),
  'daemon-file-needs-password': ({ file, helper }) => ({
    title: t('error.daemon-file-needs-password', { file: plain(file) }),
    hint: helper ? t('error.daemon-file-needs-password.hint') : t('error.daemon-file-needs-password.noHelper'),
  }),
  'daemon-file-interrupted': ({ helper }) => ({
    title: t('error.daemon-file-interrupted'),
    hint: helper ? t('error.daemon-file-interrupted.hint') : t('error.daemon-file-needs-password.noHelper'),
  }),
  'daemon-file-recovered': () => titleOnly(t('error.daemon-file-recovered')),
  'daemon-file-changed': () => titleOnly(t('error.daemon-file-changed')),
  'daemon-file-invalid': ({ line, column, detail }) => ({
    title: t('error.daemon-file-invalid', { line: String(line), column: String(column) }),
    hint: t('error.daemon-file-invalid.hint', { detail: plain(detail) }),
  }),
  'daemon-file-duplicate-key': ({ key }) => ({
    title: t('error.daemon-file-duplicate-key', { key }),
    hint: t('error.daemon-file-duplicate-key.hint'),
  }),
  'daemon-file-too-large': ({ bytes, most }) =>
    titleOnly(t('error.daemon-file-too-large', { size: size(bytes), most: size(most) })),
  'daemon-file-unsuitable': ({ what, target }) => ({
    title: t(oddityKeys[what], { target: plain(target) }),
    hint: t('error.daemon-file-unsuitable.hint'),
  }),
  'daemon-file-folder-unsafe': ({ folder }) => ({
    title: t('error.daemon-file-folder-unsafe', { folder: plain(folder) }),
    hint: t('error.daemon-file-folder-unsafe.hint'),
  }),
  'daemon-file-read-only': ({ folder }) => titleOnly(t('error.daemon-file-read-only', { folder: plain(folder) })),
  'daemon-file-no-space': ({ folder }) => titleOnly(t('error.daemon-file-no-space', { folder: plain(folder) })),
  'daemon-file-not-writable': ({ folder, detail }) => ({
    title: t('error.daemon-file-not-writable', { folder: plain(folder) }),
    hint: t('error.daemon-file-not-writable.hint', { detail: plain(detail) }),
  }),
  'daemon-file-mirror-invalid': ({ mirror }) =>
    titleOnly(t('error.daemon-file-mirror-invalid', { mirror: plain(mirror) })),
  'daemon-file-registry-invalid': ({ registry }) =>
    titleOnly(t('error.daemon-file-registry-invalid', { registry: plain(registry) })),
  'daemon-file-engine-down': ({ start }) => ({
    title: t('error.daemon-file-engine-down'),
    hint: t('error.daemon-file-engine-down.hint'),
    ...(start !== undefined && { command: start }),
  }),
  'daemon-file-other-file': ({ file }) => titleOnly(t('error.daemon-file-other-file', { file: plain(file) })),
  'daemon-file-flag-conflict': ({ key }) => ({
    title: t('error.daemon-file-flag-conflict', { key }),
    hint: t('error.daemon-file-flag-conflict.hint'),
  }),
  'daemon-file-refused': ({ detail }) => ({
    title: t('error.daemon-file-refused'),
    hint: detail
      ? t('error.daemon-file-refused.hint', { detail: plain(detail) })
      : t('error.daemon-file-refused.secret'),
  }),
  'daemon-file-reload-failed': ({ detail }) => ({
    title: t('error.daemon-file-reload-failed'),
    hint: t('error.daemon-file-reload-failed.hint', { detail: plain(detail) }),
  }),
  'daemon-file-not-applied': () => titleOnly(t('error.daemon-file-not-applied')),
  'daemon-file-unconfirmed': () => ({
    title: t('error.daemon-file-unconfirmed'),
    hint: t('error.daemon-file-unconfirmed.hint'),
  }),
  'daemon-file-test-failed': () => titleOnly(t('error.daemon-file-test-failed')),
  'daemon-file-cancelled': () => titleOnly(t('error.daemon-file-cancelled')),
  'daemon-file-no-backup': () => titleOnly(t('error.daemon-file-no-backup')),
  'daemon-file-helper-error': ({ why }) => ({
    title: t('error.daemon-file-helper-error'),
    hint: t('error.daemon-file-helper-error.hint', { why: plain(why) }),
  }),
}

const oddityKeys = {
  folder: 'error.daemon-file-unsuitable.folder',
  special: 'error.daemon-file-unsuitable.special',
  'hard-link': 'error.daemon-file-unsuitable.hard-link',
  'link-broken': 'error.daemon-file-unsuitable.link-broken',
  'link-unsafe': 'error.daemon-file-unsuitable.link-unsafe',
} as const satisfies Record<UnsuitableFileReason, MessageKey>

const stateKeys = {
  untouched: 'error.daemon-file.untouched',
  restored: 'error.daemon-file.restored',
  left: 'error.daemon-file.left',
  unsure: 'error.daemon-file.unsure',
} as const satisfies Record<DaemonFileState, MessageKey>

const titleOnly = (title: string): FailureText => ({ title, hint: '' })

export const isDaemonFileFailure = (failure: { readonly code: string }): failure is DaemonFileFailure =>
  failure.code in textByCode

export function daemonFileFailureText(failure: DaemonFileFailure): FailureText {
  const text = (textByCode[failure.code] as (failure: DaemonFileFailure) => FailureText)(failure)
  if (!('state' in failure)) return text
  return { ...text, hint: joinSentences(text.hint, t(stateKeys[failure.state])) }
}
