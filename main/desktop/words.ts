/** What main itself must say, by the desktop's own dialogs. */
import type { Language } from '../../preload/contract/index.ts'
import { catalogues, phrase } from '../../resources/messages/index.ts'

/** Whether the app is to be closed while images are being pulled, or Docker's configuration is being changed. */
export function quitWords(language: Language, { pulls, changes }: { pulls: number; changes: number }) {
  const words = catalogues[language]
  const pulled = pulls > 0
  return {
    title: pulled ? phrase(words['quit.title'], { n: pulls }, language) : phrase(words['quit.change'], {}, language),
    detail: [
      ...(pulled ? [phrase(words['quit.detail'], { n: pulls }, language)] : []),
      ...(changes > 0 ? [phrase(words['quit.change.detail'], {}, language)] : []),
    ].join('\n'),
    stay: phrase(words['quit.stay'], {}, language),
    go: phrase(words['quit.go'], {}, language),
  }
}
