/** Translates stored jobs and races of versions that used other names for some fields and states. */
import type { Migration } from './versions.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Replaces `fields[name]` if present. Leaves anything that is not an object unchanged. */
const mapField = (fields: unknown, name: string, change: (value: unknown) => unknown): unknown =>
  isFields(fields) && name in fields ? { ...fields, [name]: change(fields[name]) } : fields

const mapList = (list: unknown, change: (value: unknown) => unknown): unknown =>
  Array.isArray(list) ? list.map(change) : list

function renameField(fields: unknown, from: string, to: string): unknown {
  if (!isFields(fields) || !(from in fields)) return fields
  const { [from]: value, ...others } = fields
  return { [to]: value, ...others }
}

const renameState = (from: string, to: string) => (fields: unknown) =>
  mapField(fields, 'state', (state) => (state === from ? to : state))

/** `kept` is now `skipped`. */
export const upgradeItem = renameState('kept', 'skipped')

/** A pull's `came.news` is now `result.isNew`; a layer that is `here` now `exists`. */
export function upgradeJob(job: unknown): unknown {
  const withItems = mapField(job, 'items', (items) => mapList(items, upgradeItem))
  return mapField(withItems, 'subject', (subject) => {
    const withLayers = mapField(subject, 'layers', (layers) => mapList(layers, renameState('here', 'exists')))
    return mapField(renameField(withLayers, 'came', 'result'), 'result', (result) =>
      renameField(result, 'news', 'isNew'),
    )
  })
}

/** For jobs.json, version 1. */
export const upgradeJobs: Migration = (old) => ({
  ...old,
  ...(old['jobs'] !== undefined && { jobs: mapList(old['jobs'], upgradeJob) }),
})

/** For mirrors.json, version 1: a race's `genuine` is now `confirmed`. */
export const upgradeMirrors: Migration = (old) => ({
  ...old,
  ...(old['race'] !== undefined && { race: renameField(old['race'], 'genuine', 'confirmed') }),
})

/** For a line of a job's journal, version 1. */
export function upgradeLine(line: unknown): unknown {
  return mapField(mapField(line, 'job', upgradeJob), 'item', upgradeItem)
}
