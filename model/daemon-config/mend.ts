/** Mends the white space and punctuation of a daemon.json. No word of the text changes. */
import { applyEdits, type Edit } from 'jsonc-parser'
import { settingType } from './settings.ts'
import { hasSameContent } from './same-content.ts'
import { scanObject, type JsonObject } from './json-text.ts'
import { readLenientToken, readSpace, type LenientToken } from './lenient-tokens.ts'

/** Far more than any daemon.json has: for each missing comma, the text is copied. */
const maxCharacters = 16_000

/**
 * @returns the text as a JSON object whose values have the right types, as far as white space, quotes, brackets, commas
 * and colons can mend it; undefined if they cannot
 */
export function mendText(text: string): string | undefined {
  if (text.length > maxCharacters || text.includes('\ufffd')) return undefined
  if (/^[\s\ufeff]*$/.test(text)) return '{}\n'
  const parsed = scanObject(text)
  const syntax = parsed.ok ? text : (mendSyntax(text, false) ?? mendSyntax(text, true))
  const mended = syntax === undefined ? undefined : mendTypes(syntax)
  return mended !== undefined && hasSameContent(text, mended) ? mended : undefined
}

interface Container {
  readonly closes: '}' | ']'
  count: number
}

/** Reads the text leniently and writes it as JSON. */
function mendSyntax(text: string, mixedQuotes: boolean): string | undefined {
  let at = 0
  let out = ''
  const open: Container[] = []
  /** The end of the last item or opening bracket in `out`, and the comma after it. */
  let itemEnd = 0
  let commaAt: number | undefined
  /** The outermost object, once it is closed, and where its brace is. */
  let closed: { readonly container: Container; readonly braceAt: number } | undefined
  let isJoined = false

  const insert = (position: number, added: string) => (out = out.slice(0, position) + added + out.slice(position))
  const dropComma = () => {
    if (commaAt !== undefined) out = out.slice(0, commaAt) + out.slice(commaAt + 1)
    commaAt = undefined
  }
  const read = (isKey: boolean): LenientToken => {
    const space = readSpace(text, at)
    out += space.json
    at = space.end
    return readLenientToken(text, at, { isKey, mixedQuotes })
  }
  const push = (closes: Container['closes']) => {
    out += closes === '}' ? '{' : '['
    open.push({ closes, count: 0 })
    itemEnd = out.length
    commaAt = undefined
  }
  const pop = () => {
    const container = open.pop()!
    if (open.length > 0) open.at(-1)!.count += 1
    else closed = { container, braceAt: out.length - 1 }
    itemEnd = out.length
    commaAt = undefined
  }
  /** Adds the comma that is missing before an item. */
  const beginItem = (container: Container) => {
    if (container.count > 0 && commaAt === undefined) insert(itemEnd, ',')
    commaAt = undefined
  }
  const close = (container: Container) => {
    dropComma()
    insert(itemEnd, container.closes)
    const rest = out.slice(itemEnd + 1)
    out = out.slice(0, itemEnd + 1)
    pop()
    out += rest
  }
  /** Continues the outermost object with what follows its brace. */
  const reopen = ({ container, braceAt }: NonNullable<typeof closed>) => {
    const before = out.slice(0, braceAt).trimEnd()
    out = before + out.slice(braceAt + 1)
    itemEnd = before.length
    commaAt = undefined
    open.push(container)
    closed = undefined
    isJoined = true
  }
  const writeValue = (token: LenientToken): boolean => {
    if (token.kind === '{' || token.kind === '[') push(token.kind === '{' ? '}' : ']')
    else if (token.kind === 'value') {
      out += token.json
      open.at(-1)!.count += 1
      itemEnd = out.length
    } else return false
    at = token.end
    return true
  }
  const writeMember = (key: LenientToken): boolean => {
    if (key.kind !== 'value') return false
    out += key.json
    at = key.end
    const keyEnd = out.length
    let token = read(false)
    if (token.kind === ':') out += ':'
    else insert(keyEnd, ':')
    while (token.kind === ':') {
      at = token.end
      token = read(false)
    }
    return writeValue(token)
  }

  for (;;) {
    const current = open.at(-1)
    const isKey = current?.closes !== ']'
    const token = read(isKey)
    if (token.kind === 'invalid') return undefined
    if (token.kind === 'end') break
    if (!current) {
      if (token.kind === '}' || token.kind === ']' || token.kind === ',') {
        if (!closed) return undefined
        at = token.end
      } else if (closed) {
        reopen(closed)
        if (token.kind === '{') at = token.end
      } else if (token.kind === '{') {
        push('}')
        at = token.end
      } else if (token.kind === 'value') push('}')
      else return undefined
    } else if (token.kind === ',') {
      if (current.count > 0 && commaAt === undefined) {
        commaAt = out.length
        out += ','
      }
      at = token.end
    } else if (token.kind === '}' || token.kind === ']') {
      if (token.kind === current.closes) {
        dropComma()
        out += token.kind
        pop()
        at = token.end
      } else if (open.some(({ closes }) => closes === token.kind)) close(current)
      else at = token.end
    } else if (!isKey && open.at(-2)?.closes === '}' && isFollowedByColon(text, token)) {
      close(current)
    } else {
      beginItem(current)
      if (!(isKey ? writeMember(token) : writeValue(token))) return undefined
    }
  }
  dropComma()
  out += open
    .map(({ closes }) => closes)
    .toReversed()
    .join('')
  const scan = scanObject(out)
  return scan.ok && !(isJoined && hasDuplicateKeys(scan.object)) ? out : undefined
}

const isFollowedByColon = (text: string, token: LenientToken) =>
  token.kind === 'value' && /^\s*[:：]/.test(text.slice(token.end, token.end + 20))

const hasDuplicateKeys = ({ members }: JsonObject) => new Set(members.map(({ key }) => key)).size < members.length

/** Puts single strings into lists, and adds or removes the quotes of numbers and booleans, as each setting requires. */
function mendTypes(text: string): string {
  const scan = scanObject(text)
  const edits = (scan.ok ? scan.object.members : []).flatMap(({ key, value }): readonly Edit[] => {
    const json = text.slice(value.start, value.end)
    const replaceBy = (content: string): Edit => ({ offset: value.start, length: json.length, content })
    const isString = json.startsWith('"')
    switch (settingType(key)) {
      case 'texts':
        return isString ? [replaceBy(`[${json}]`)] : []
      case 'boolean':
        return /^"(?:true|false)"$/.test(json) ? [replaceBy(json.slice(1, -1))] : []
      case 'number':
        return /^"[1-9]\d*"$/.test(json) ? [replaceBy(json.slice(1, -1))] : []
      case 'text-map':
        return quoteValues(json).map((edit) => ({ ...edit, offset: value.start + edit.offset }))
      default:
        return []
    }
  })
  return applyEdits(text, [...edits])
}

function quoteValues(json: string): readonly Edit[] {
  const scan = scanObject(json)
  return (scan.ok ? scan.object.members : []).flatMap(({ value }) => {
    const item = json.slice(value.start, value.end)
    return /^(?:true|false|-?\d[\d.]*)$/.test(item)
      ? [{ offset: value.start, length: item.length, content: `"${item}"` }]
      : []
  })
}
