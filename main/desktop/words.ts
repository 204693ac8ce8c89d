/** What main itself must say, by the desktop's own dialogs. */
import type { Language } from '../../preload/contract/index.ts'
import { catalogues, phrase } from '../../resources/messages/index.ts'

/** Whether the app is to be closed while images are being pulled. */
export function quitWords(language: Language, pulls: number) {
  const words = catalogues[language]
  return {
    title: phrase(words['quit.title'], { n: pulls }, language),
    detail: phrase(words['quit.detail'], { n: pulls }, language),
    stay: phrase(words['quit.stay'], {}, language),
    go: phrase(words['quit.go'], {}, language),
  }
}
