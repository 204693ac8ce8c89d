/** Migrates stored files from older versions. */

/** Converts an object to the next version. Must not throw, even if the object is invalid. */
export type Migration = (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** Version 0 of every file is version 1 without the field `version`. */
export const addVersion: Migration = (old) => old

/** The migration at index `n` converts version `n` to `n + 1`. */
export type Migrations = readonly [Migration, ...Migration[]]
export const defaultMigrations: Migrations = [addVersion]

interface Migrated {
  readonly fields: Readonly<Record<string, unknown>>
  /** `invalid`: the file's version is not a number that Slipway can have written. */
  readonly version: 'supported' | 'newer' | 'invalid'
}

/** Converts an object of any older version to the current one. Leaves an object of a newer version unchanged. */
export function migrate(stored: Readonly<Record<string, unknown>>, migrations: Migrations): Migrated {
  const version = stored['version'] ?? 0
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0)
    return { fields: stored, version: 'invalid' }
  if (version > migrations.length) return { fields: stored, version: 'newer' }
  return {
    fields: migrations.slice(version).reduce((fields, migration) => migration(fields), stored),
    version: 'supported',
  }
}
