/** The version of a stored file, and the way from an older one. */

/** Turns one version's object into the next version's; it must not throw, whatever the object holds. */
export type Migration = (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** Version 0 has no `version`; apart from that, version 1 of every file is the same. */
const addVersion: Migration = (old) => old

/** The one at `n` leads from version `n` to `n + 1`. */
export type Migrations = readonly [Migration, ...Migration[]]
export const sinceVersions: Migrations = [addVersion]

interface Migrated {
  readonly fields: Readonly<Record<string, unknown>>
  /** `unknown`: the file's version is not a number that any version of Slipway writes. */
  readonly from: 'known' | 'newer' | 'unknown'
}

/** Brings an object of any version to the current one; a newer one is left as it is. */
export function migrate(stored: Readonly<Record<string, unknown>>, migrations: Migrations): Migrated {
  const version = stored['version'] ?? 0
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0)
    return { fields: stored, from: 'unknown' }
  if (version > migrations.length) return { fields: stored, from: 'newer' }
  return { fields: migrations.slice(version).reduce((fields, step) => step(fields), stored), from: 'known' }
}
