/** A small JSON file of a known shape, in the app's own folder. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'

export interface StoredFile<T> {
  /** What was written last; the schema's defaults where there is nothing to read. */
  readonly value: T
  /** Where the disk refuses it, it holds until the app ends: nobody's work is to fail for being remembered. */
  write(value: T): void
}

/** `compact` is for what no one reads. The schema must accept `{}`. A file that cannot be understood is put aside as `….unreadable`, not overwritten. */
export function storedFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
  { compact = false } = {},
): StoredFile<v.InferOutput<Schema>> {
  let value = read(file, schema)
  /** Told once, not at each write to a disk that is full. */
  let refused = false
  return {
    get value() {
      return value
    },
    write(next) {
      value = next
      try {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(`${file}.new`, `${JSON.stringify(next, null, compact ? 0 : 2)}\n`)
        renameSync(`${file}.new`, file)
        refused = false
      } catch (error) {
        if (!refused) console.error(`${file} is not written:`, error)
        refused = true
      }
    },
  }
}

function read<Schema extends v.GenericSchema>(file: string, schema: Schema): v.InferOutput<Schema> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return v.parse(schema, {})
  }
  try {
    return v.parse(schema, JSON.parse(text))
  } catch {
    putAside(file)
    return v.parse(schema, {})
  }
}

function putAside(file: string) {
  try {
    renameSync(file, `${file}.unreadable`)
  } catch (error) {
    console.error(`${file} is not put aside:`, error)
  }
}
