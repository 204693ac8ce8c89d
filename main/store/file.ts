/** A JSON file of a known shape, in the app's own folder. */
import { rm } from 'node:fs/promises'
import { copyAside, putAside, readPrivately, replaceFile } from './disk.ts'
import { fieldsOf, isObject, type Fields } from './fields.ts'
import { migrate, sinceVersions, type Migrations } from './versions.ts'

export interface StoredFile<T> {
  /** The value last written, whether or not the disk has it; before that, the file's content. */
  readonly value: T
  /** Resolves once this value or a newer one is on the disk, or the disk has refused it; never rejects. */
  write(value: T): Promise<void>
}

/** A stored file as the store itself sees it. */
export interface OwnedFile<T> extends StoredFile<T> {
  /** Deletes the file; the value is that of an empty one. */
  remove(): Promise<void>
  /** Resolves once nothing waits to be written; what the disk refused earlier is tried once more. */
  settle(): Promise<void>
}

interface How {
  /** Without white space: nobody reads the file, and it is large. */
  readonly compact?: boolean
  readonly migrations?: Migrations
}

/** `copy-first`: parts of the file were not understood. `leave`: the file must not be overwritten in this run. */
type Access = 'overwrite' | 'copy-first' | 'leave'
type Read<T> = (fields: Fields) => T

/** Nothing is read before the value is asked for or written. `read` must accept an empty object. */
export function storedFile<T extends object>(
  file: string,
  read: Read<T>,
  { compact = false, migrations = sinceVersions }: How = {},
): OwnedFile<T> {
  let opened: { value: T; access: Access } | undefined
  /** What the file should be, and is not yet. */
  let pending: 'written' | 'removed' | undefined
  let isRefused = false

  const now = () => (opened ??= open(file, read, migrations))

  const save = oneAtATime(async () => {
    const goal = pending
    if (!goal) return
    pending = undefined
    try {
      if (goal === 'removed') await rm(file, { force: true })
      if (goal === 'written') {
        if (now().access === 'copy-first') await copyAside(file)
        now().access = 'overwrite'
        const content = { version: migrations.length, ...now().value }
        await replaceFile(file, `${JSON.stringify(content, null, compact ? 0 : 2)}\n`)
      }
      isRefused = false
    } catch (error) {
      // Nobody's work fails because it cannot be remembered.
      if (!isRefused) console.error(`${file} cannot be written:`, error)
      isRefused = true
      pending ??= goal
    }
  })

  function change(value: T, goal: typeof pending): Promise<void> {
    now().value = value
    if (now().access === 'leave') return Promise.resolve()
    pending = goal
    return save()
  }

  return {
    get value() {
      return now().value
    },
    write: (value) => change(value, 'written'),
    remove: () => change(read(fieldsOf({}, () => {})), 'removed'),
    settle: () => save(),
  }
}

/** Requests that come while `act` runs share its next run. */
function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let next: Promise<void> | undefined
  let last = Promise.resolve()
  return () => {
    next ??= last = last.then(() => {
      next = undefined
      return act()
    })
    return next
  }
}

function open<T>(file: string, read: Read<T>, migrations: Migrations): { value: T; access: Access } {
  const empty = () => read(fieldsOf({}, () => {}))
  let text: string | undefined
  try {
    text = readPrivately(file)
  } catch (error) {
    console.error(`${file} cannot be read, so it is left as it is:`, error)
    return { value: empty(), access: 'leave' }
  }
  if (text === undefined) return { value: empty(), access: 'overwrite' }
  const stored = parse(text)
  if (!stored) return { value: empty(), access: begunAnew(file) }
  const { fields, from } = migrate(stored, migrations)
  const leftOut = from === 'unknown' ? ['version'] : []
  const value = read(fieldsOf(fields, (place) => leftOut.push(place)))
  if (from === 'newer') {
    console.warn(`${file} was written by a newer Slipway. What is understood is used, and the file is left as it is.`)
    return { value, access: 'leave' }
  }
  if (leftOut.length === 0) return { value, access: 'overwrite' }
  const shown = leftOut.slice(0, 5).join(', ')
  console.warn(`${file}: ${leftOut.length} entries are not understood and left out (${shown})`)
  return { value, access: 'copy-first' }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function begunAnew(file: string): Access {
  try {
    console.error(`${file} is not understood, and is now ${putAside(file)}`)
    return 'overwrite'
  } catch (error) {
    console.error(`${file} is not understood and cannot be put aside, so it is left as it is:`, error)
    return 'leave'
  }
}
