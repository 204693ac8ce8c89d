/** Writes a list into the text of a JSON object with jsonc-parser. Outside of the edit, every byte stays as it is. */
import { applyEdits, format, modify, parseTree, type Edit, type FormattingOptions } from 'jsonc-parser'

export type { Edit }

const lineEnd = /\r\n|\n|\r/

/**
 * @param text a valid JSON object, or a blank text
 * @returns the edit that makes the list the value of `key`, formatted like the text if that has one setting per line
 */
export function listEdit(text: string, key: string, list: readonly string[]): Edit {
  const root = parseTree(text)
  const lastMember = root?.children?.at(-1)
  if (!root || !lastMember) {
    const { offset, length } = root ?? { offset: 0, length: text.length }
    const object = JSON.stringify({ [key]: list })
    const created = applyEdits(object, format(object, undefined, formattingOf(text)))
    return { offset, length, content: root ? created : created + eolOf(text) }
  }
  // Without formatting options, the list and its key are written on one line.
  const edit = modify(text, [key], list, {})[0]!
  if (!lineEnd.test(text.slice(root.offset, lastMember.offset)))
    return { ...edit, content: edit.content.replace(/^,/, ', ') }
  const edited = applyEdits(text, [edit])
  // `modify` would format the whole line around an added key; only the added text is to be formatted.
  const added = { offset: edit.offset, length: edit.content.length }
  const formatted = applyEdits(edited, format(edited, added, formattingOf(text)))
  const end = formatted.length - (text.length - edit.offset - edit.length)
  return { ...edit, content: formatted.slice(edit.offset, end) }
}

const eolOf = (text: string) => lineEnd.exec(text)?.[0] ?? '\n'

function formattingOf(text: string): FormattingOptions {
  const indent = /[\n\r]([ \t]+)"/.exec(text)?.[1] ?? '  '
  return { insertSpaces: !indent.includes('\t'), tabSize: indent.length, eol: eolOf(text) }
}
