/** What main itself must say, by the desktop's own dialogs. */
import type { Job, JobSubject, Language } from '../../preload/contract/index.ts'
import { catalogues, phrase, type MessageKey } from '../../resources/messages/index.ts'

type Kind = JobSubject['kind']

/** What is said first, and what quitting means for it; in the order of what matters most. */
const kinds: Readonly<Record<Kind, readonly [title: MessageKey, detail: MessageKey]>> = {
  daemon: ['quit.change', 'quit.change.detail'],
  remove: ['quit.remove', 'quit.remove.detail'],
  'build-cache': ['quit.cache', 'quit.cache.detail'],
  undo: ['quit.undo', 'quit.undo.detail'],
  pull: ['quit.title', 'quit.detail'],
  race: ['quit.race', 'quit.race.detail'],
}

/** Whether the app is to be closed although work is under way. */
export function quitWords(language: Language, running: readonly Job[]) {
  const words = catalogues[language]
  const say = (key: MessageKey, n: number) => phrase(words[key], { n }, language)
  const under = Object.entries(kinds).flatMap(([kind, [title, detail]]) => {
    const n = running.filter(({ subject }) => subject.kind === kind).length
    return n > 0 ? [{ title: say(title, n), detail: say(detail, n) }] : []
  })
  const [first, ...more] = under
  return {
    title: first?.title ?? '',
    detail: [first?.detail, ...more.flatMap(({ title, detail }) => [title, detail])].join('\n'),
    stay: say('quit.stay', 0),
    go: say('quit.go', 0),
  }
}
