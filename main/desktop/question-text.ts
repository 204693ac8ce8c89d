/** The texts of main's own questions. Names and addresses in them come from outside. */
import { plain } from '../../model/text/plain.ts'
import type { FolderToAllow } from '../../model/run/mount-question.ts'
import { shortId } from '../../model/image/image.ts'
import type { Language } from '../../preload/contract/index.ts'
import { catalogues, phrase, type MessageKey } from '../../resources/messages/index.ts'

export interface QuestionText {
  readonly title: string
  readonly detail: string
  readonly no: string
  readonly yes: string
}

export interface ContainerNames {
  readonly reference: string
  /** Empty for a name that the engine generates. */
  readonly name: string
}

const maxNameLength = 100
const maxPathLength = 240

export function folderQuestionText(
  language: Language,
  { reference, name }: ContainerNames,
  folders: readonly FolderToAllow[],
): QuestionText {
  const translate = translator(language)
  const image = elide(oneLine(reference.startsWith('sha256:') ? shortId(reference) : reference), maxNameLength)
  const container = name === '' ? image : `${elide(oneLine(name), maxNameLength)} (${image})`
  const line = ({ path, target, canWrite }: FolderToAllow) => {
    const shown = [path, ...(target === undefined ? [] : [target])].map((text) => elide(oneLine(text), maxPathLength))
    return translate(canWrite ? 'folders.canWrite' : 'folders.readOnly', { path: shown.join(' → ') })
  }
  const system = folders.filter(({ isSystem }) => isSystem)
  const others = folders.filter(({ isSystem }) => !isSystem)
  const paragraphs = [
    others.map(line),
    system.map(line),
    system.length > 0 ? [translate('folders.system', { n: system.length })] : [],
  ]
  return {
    title: translate('folders.title', { container, n: folders.length }),
    detail: paragraphs
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
    no: translate('folders.no', {}),
    yes: translate('folders.yes', {}),
  }
}

/** @param url as parsed: its host is in ASCII, and what is not ASCII in its path is encoded */
export function linkQuestionText(language: Language, url: URL): QuestionText {
  const translate = translator(language)
  return {
    title: translate('link.title', { host: elide(oneLine(url.host), maxNameLength) }),
    detail: elide(oneLine(url.href), maxPathLength),
    no: translate('dialog.cancel', {}),
    yes: translate('link.open', {}),
  }
}

const translator = (language: Language) => (key: MessageKey, values: Readonly<Record<string, string | number>>) =>
  phrase(catalogues[language][key], values, language)

const oneLine = (text: string): string => plain(text).replace(/[\n\t]/g, ' ')

/** Shortens a long text in its middle: its start says whose it is, its end which. */
function elide(text: string, maxLength: number): string {
  const characters = [...text]
  if (characters.length <= maxLength) return text
  const half = Math.floor((maxLength - 1) / 2)
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`
}
