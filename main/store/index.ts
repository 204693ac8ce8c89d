/** What outlives the app. */
import { join } from 'node:path'
import * as v from 'valibot'
import { settingsSchema, type Settings } from '../../preload/contract/index.ts'
import { storedFile, type StoredFile } from './file.ts'
import { rememberedLists, type Lists } from './lists.ts'

const windowPlace = v.object({
  bounds: v.optional(v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() })),
  maximized: v.optional(v.boolean(), false),
  zoom: v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(3)), 1),
})
export type WindowPlace = v.InferOutput<typeof windowPlace>

export interface Store {
  readonly settings: StoredFile<Settings>
  readonly window: StoredFile<WindowPlace>
  readonly lists: Lists
}

export const openStore = (folder: string): Store => ({
  settings: storedFile(join(folder, 'settings.json'), settingsSchema),
  window: storedFile(join(folder, 'window.json'), windowPlace),
  lists: rememberedLists(join(folder, 'lists')),
})

export type { Lists }
