/** What outlives the app. */
import { join } from 'node:path'
import * as v from 'valibot'
import { jobSchema, settingsSchema, type Settings } from '../../preload/contract/index.ts'
import { storedFile, type StoredFile } from './file.ts'
import { layersFile, type LayersStore } from './layers.ts'
import { ledgerFile, type LedgerStore } from './ledger.ts'
import { rememberedLists, type Lists } from './lists.ts'
import { mirrorsFile, type MirrorsStore } from './mirrors.ts'

const windowPlace = v.object({
  bounds: v.optional(v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() })),
  maximized: v.optional(v.boolean(), false),
  zoom: v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(3)), 1),
})
export type WindowPlace = v.InferOutput<typeof windowPlace>

const jobsFile = v.object({ jobs: v.optional(v.array(jobSchema), []) })
export type JobsStore = StoredFile<v.InferOutput<typeof jobsFile>>

export interface Store {
  readonly settings: StoredFile<Settings>
  readonly window: StoredFile<WindowPlace>
  readonly lists: Lists
  readonly jobs: JobsStore
  readonly layers: LayersStore
  readonly ledger: LedgerStore
  readonly mirrors: MirrorsStore
}

export const openStore = (folder: string): Store => ({
  settings: storedFile(join(folder, 'settings.json'), settingsSchema),
  window: storedFile(join(folder, 'window.json'), windowPlace),
  jobs: storedFile(join(folder, 'jobs.json'), jobsFile),
  layers: storedFile(join(folder, 'layers.json'), layersFile, { compact: true }),
  ledger: storedFile(join(folder, 'ledger.json'), ledgerFile),
  mirrors: storedFile(join(folder, 'mirrors.json'), mirrorsFile),
  lists: rememberedLists(join(folder, 'lists')),
})

export type { Lists }
export type { StoredFile } from './file.ts'
export type { LayersFile, LayersSection, LayersStore } from './layers.ts'
export type { Ledger, LedgerEntry, LedgerStore, PullEntry } from './ledger.ts'
export type { MirrorsFile, MirrorsStore } from './mirrors.ts'
