/** A JSON file of a known shape, in the app's own folder. */
import { rm } from 'node:fs/promises'
import { copyAside, moveAside, readPrivateFile, replaceFile } from './disk.ts'
import { fieldsOf, isObject, type Fields } from './fields.ts'
import { migrate, defaultMigrations, type Migrations } from './versions.ts'

export interface StoredFile<T> {
  /** The value last written, whether or not the disk has it; before that, the file's content. */
  readonly value: T
  /** Resolves once this value or a newer one is on the disk, or the disk has refused it; never rejects. */
  write(value: T): Promise<void>
}

/** A stored file with the operations that only the store uses. */
export interface OwnedFile<T> extends StoredFile<T> {
  /** Deletes the file; the value is that of an empty one. */
  remove(): Promise<void>
  /** Resolves once all pending writes are done. Writes that failed earlier are tried once more. */
  settle(): Promise<void>
}

export interface FileOptions {
  /** Writes the JSON without white space, for large files. */
  readonly compact?: boolean
  readonly migrations?: Migrations
}

/** `copy-first`: parts of the file were not understood. `leave`: the file must not be overwritten in this run. */
type Access = 'overwrite' | 'copy-first' | 'leave'
type Read<T> = (fields: Fields) => T

/** Opens the file on the first read or write of `value`. `read` must accept an empty object. */
export function storedFile<T extends object>(
  file: string,
  read: Read<T>,
  { compact = false, migrations = defaultMigrations }: FileOptions = {},
): OwnedFile<T> {
  let opened: { value: T; access: Access } | undefined
  /** The change that is not on the disk yet. */
  let pending: 'written' | 'removed' | undefined
  let isRefused = false

  const current = () => (opened ??= open(file, read, migrations))

  const save = oneAtATime(async () => {
    const goal = pending
    if (!goal) return
    pending = undefined
    try {
      if (goal === 'removed') await rm(file, { force: true })
      if (goal === 'written') {
        if (current().access === 'copy-first') await copyAside(file)
        current().access = 'overwrite'
        const content = { version: migrations.length, ...current().value }
        await replaceFile(file, `${JSON.stringify(content, null, compact ? 0 : 2)}\n`)
      }
      isRefused = false
    } catch (error) {
      // A failed write must not fail the caller's work.
      if (!isRefused) console.error(`${file} cannot be written:`, error)
      isRefused = true
      pending ??= goal
    }
  })

  function change(value: T, goal: typeof pending): Promise<void> {
    current().value = value
    if (current().access === 'leave') return Promise.resolve()
    pending = goal
    return save()
  }

  return {
    get value() {
      return current().value
    },
    write: (value) => change(value, 'written'),
    remove: () => change(read(fieldsOf({}, () => {})), 'removed'),
    settle: () => save(),
  }
}

/** Calls made while `act` is running share its next run. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let next: Promise<void> | undefined
  let last = Promise.resolve()
  return () => {
    next ??= last = last.then(() => {
      next = undefined
      return work()
    })
    return next
  }
}

function open<T>(file: string, read: Read<T>, migrations: Migrations): { value: T; access: Access } {
  const empty = () => read(fieldsOf({}, () => {}))
  let text: string | undefined
  try {
    text = readPrivateFile(file)
  } catch (error) {
    console.error(`${file} cannot be read, so it is left as it is:`, error)
    return { value: empty(), access: 'leave' }
  }
  if (text === undefined) return { value: empty(), access: 'overwrite' }
  const stored = parse(text)
  if (!stored) return { value: empty(), access: moveUnreadableFile(file) }
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

function moveUnreadableFile(file: string): Access {
  try {
    console.error(`${file} is not understood, and is now ${moveAside(file)}`)
    return 'overwrite'
  } catch (error) {
    console.error(`${file} is not understood and cannot be put aside, so it is left as it is:`, error)
    return 'leave'
  }
}
