/** Stores a value as a JSON file in the app's folder. */
import { rm } from 'node:fs/promises'
import { copyAside, moveAside, readPrivateFile, replaceFile } from './disk.ts'
import { fieldsOf, isObject, type Fields } from './fields.ts'
import { migrate, defaultMigrations, type Migrations } from './migrate.ts'

export interface StoredFile<T> {
  /** The value that was last passed to `write`, even if it is not on the disk yet; before that, the file's content. */
  readonly value: T
  /**
   * Resolves once this value or a newer one is on the disk, or its write has failed. Never rejects. If this run must
   * not change the file, only `value` changes.
   */
  write(value: T): Promise<void>
}

/** A stored file with the operations that only the store uses. */
export interface OwnedFile<T> extends StoredFile<T> {
  /** Deletes the file, and resets the value to that of an empty file. */
  remove(): Promise<void>
  /** Retries a failed write once. Resolves when all writes, including the retry, have ended. */
  settle(): Promise<void>
}

export interface FileOptions {
  /** Whether the JSON is written without white space, for large files. */
  readonly compact?: boolean
  readonly migrations?: Migrations
}

/**
 * Whether the file may be overwritten. `copy-first`: parts of it are invalid, so a copy is saved before the first write.
 * `read-only`: this run must not change the file.
 */
type Access = 'overwrite' | 'copy-first' | 'read-only'
type Read<T> = (fields: Fields) => T

/** The file is read from the disk when the value is first read or written. `read` must accept an object without fields. */
export function storedFile<T extends object>(
  file: string,
  read: Read<T>,
  { compact = false, migrations = defaultMigrations }: FileOptions = {},
): OwnedFile<T> {
  let opened: { value: T; access: Access } | undefined
  /** The change that is not on the disk yet. */
  let pending: 'write' | 'remove' | undefined
  let hasFailed = false

  const current = () => (opened ??= open(file, read, migrations))

  const save = oneAtATime(async () => {
    const operation = pending
    if (!operation) return
    pending = undefined
    try {
      if (operation === 'remove') await rm(file, { force: true })
      if (operation === 'write') {
        if (current().access === 'copy-first') await copyAside(file)
        current().access = 'overwrite'
        const content = { version: migrations.length, ...current().value }
        await replaceFile(file, `${JSON.stringify(content, null, compact ? 0 : 2)}\n`)
      }
      hasFailed = false
    } catch (error) {
      // A failed write must not fail the caller's work.
      if (!hasFailed) console.error(`${file} cannot be written:`, error)
      hasFailed = true
      pending ??= operation
    }
  })

  function change(value: T, operation: typeof pending): Promise<void> {
    current().value = value
    if (current().access === 'read-only') return Promise.resolve()
    pending = operation
    return save()
  }

  return {
    get value() {
      return current().value
    },
    write: (value) => change(value, 'write'),
    remove: () => change(read(fieldsOf({}, () => {})), 'remove'),
    settle: () => save(),
  }
}

/** @returns a function that runs `work`. Calls made while `work` is running share one further run. */
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
  const emptyValue = () => read(fieldsOf({}, () => {}))
  let text: string | undefined
  try {
    text = readPrivateFile(file)
  } catch (error) {
    console.error(`${file} cannot be read, and will not be changed:`, error)
    return { value: emptyValue(), access: 'read-only' }
  }
  if (text === undefined) return { value: emptyValue(), access: 'overwrite' }
  const stored = parse(text)
  if (!stored) return { value: emptyValue(), access: moveUnreadableFile(file) }
  const { fields, version } = migrate(stored, migrations)
  const invalidPaths = version === 'invalid' ? ['version'] : []
  const value = read(fieldsOf(fields, (path) => invalidPaths.push(path)))
  if (version === 'newer') {
    console.warn(`${file} was written by a newer Slipway. Its valid entries are used, and it will not be changed.`)
    return { value, access: 'read-only' }
  }
  if (invalidPaths.length === 0) return { value, access: 'overwrite' }
  const examples = invalidPaths.slice(0, 5).join(', ')
  console.warn(`${file}: ${invalidPaths.length} entries are invalid and ignored (${examples})`)
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
    console.error(`${file} is not valid, and was renamed to ${moveAside(file)}`)
    return 'overwrite'
  } catch (error) {
    console.error(`${file} is not valid and cannot be renamed, and will not be changed:`, error)
    return 'read-only'
  }
}
