/** The text of the dialog that asks whether to quit while jobs are running. */
import type { Job, JobSubject, Language } from '../../preload/contract/index.ts'
import { catalogues, phrase, type MessageKey } from '../../resources/messages/index.ts'

type Kind = JobSubject['kind']

/** The title and the consequence of quitting for each kind of job, most important first. */
const messagesByKind: Readonly<Record<Kind, readonly [title: MessageKey, detail: MessageKey]>> = {
  daemon: ['quit.change', 'quit.change.detail'],
  remove: ['quit.remove', 'quit.remove.detail'],
  'build-cache': ['quit.cache', 'quit.cache.detail'],
  undo: ['quit.undo', 'quit.undo.detail'],
  pull: ['quit.title', 'quit.detail'],
  race: ['quit.race', 'quit.race.detail'],
}

export function quitDialogText(language: Language, running: readonly Job[]) {
  const catalogue = catalogues[language]
  const translate = (key: MessageKey, n: number) => phrase(catalogue[key], { n }, language)
  const sections = Object.entries(messagesByKind).flatMap(([kind, [title, detail]]) => {
    const n = running.filter(({ subject }) => subject.kind === kind).length
    return n > 0 ? [{ title: translate(title, n), detail: translate(detail, n) }] : []
  })
  const [first, ...others] = sections
  return {
    title: first?.title ?? '',
    detail: [first?.detail, ...others.flatMap(({ title, detail }) => [title, detail])].join('\n'),
    cancel: translate('quit.stay', 0),
    quit: translate('quit.go', 0),
  }
}
