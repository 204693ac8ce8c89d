/** Stores the app's data on disk. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { jobSchema, settingsSchema, type Settings } from '../../preload/contract/index.ts'
import { prepareFolder } from './disk.ts'
import { readEnvironment, type EnvironmentStore } from './environment.ts'
import type { Fields } from './fields.ts'
import { storedFile, type FileOptions, type OwnedFile, type StoredFile } from './file.ts'
import { readLayers, type LayersStore } from './layers.ts'
import { readLedger, type LedgerStore } from './ledger.ts'
import { openJournal, type Journal } from './journal.ts'
import { storedLists, type Lists } from './lists.ts'
import { readMirrors, type MirrorsStore } from './mirrors.ts'
import { readRealms, type RealmsStore } from './realms.ts'
import { migrateJobs, migrateMirrors } from './migrations.ts'
import { addVersion } from './migrate.ts'

const readSettings = (fields: Fields): Settings => ({
  language: fields.value('language', settingsSchema.entries.language),
  theme: fields.value('theme', settingsSchema.entries.theme),
})

const bounds = v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() })
const zoom = v.pipe(v.number(), v.minValue(0.5), v.maxValue(3))
const readWindow = (fields: Fields) => ({
  bounds: fields.value('bounds', v.optional(bounds)),
  maximized: fields.value('maximized', v.optional(v.boolean(), false)),
  zoom: fields.value('zoom', v.optional(zoom, 1)),
})
export type WindowState = ReturnType<typeof readWindow>

const readJobs = (fields: Fields) => ({ jobs: fields.list('jobs', jobSchema) })
export type JobsStore = StoredFile<ReturnType<typeof readJobs>>

export interface Store {
  readonly settings: StoredFile<Settings>
  readonly window: StoredFile<WindowState>
  readonly environment: EnvironmentStore
  readonly lists: Lists
  readonly journal: Journal
  /** The file in which older versions stored jobs. The jobs are moved to the journal. */
  readonly jobs: JobsStore
  readonly layers: LayersStore
  readonly ledger: LedgerStore
  readonly mirrors: MirrorsStore
  readonly realms: RealmsStore
  /** Writes pending changes. Call this before the app ends. Resolves after at most 5 s, because a disk may hang. */
  end(): Promise<void>
}

const endTimeoutMs = 5_000

export function openStore(folder: string): Store {
  prepareFolder(folder)
  const files: Pick<OwnedFile<unknown>, 'settle'>[] = []
  function file<T extends object>(name: string, read: (fields: Fields) => T, options?: FileOptions) {
    const opened = storedFile(join(folder, name), read, options)
    files.push(opened)
    return opened
  }
  const journal = openJournal(join(folder, 'journal'))
  const lists = storedLists(join(folder, 'lists'))
  return {
    settings: file('settings.json', readSettings),
    window: file('window.json', readWindow),
    environment: file('environment.json', readEnvironment),
    jobs: file('jobs.json', readJobs, { migrations: [addVersion, migrateJobs] }),
    layers: file('layers.json', readLayers, { compact: true }),
    ledger: file('ledger.json', readLedger),
    mirrors: file('mirrors.json', readMirrors, { migrations: [addVersion, migrateMirrors] }),
    realms: file('realms.json', readRealms),
    lists,
    journal,
    async end() {
      const allWritten = Promise.all([lists.end(), journal.end(), ...files.map((stored) => stored.settle())])
      await Promise.race([allWritten, delay(endTimeoutMs, undefined, { ref: false })])
    },
  }
}

export type { Lists }
export { journalVersion, type Journal, type JournalEntry, type JournalLine } from './journal.ts'
export type { EnvironmentStore } from './environment.ts'
export type { StoredFile } from './file.ts'
export type { LayersFile, LayersSection, LayersStore } from './layers.ts'
export type { Ledger, LedgerEntry, LedgerStore, PullEntry } from './ledger.ts'
export type { MirrorsFile, MirrorsStore } from './mirrors.ts'
export type { RealmsFile, RealmsStore } from './realms.ts'
