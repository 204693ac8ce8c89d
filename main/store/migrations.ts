/** Migrates jobs and races stored by older versions, which used other names for some fields and states. */
import type { Migration } from './migrate.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Replaces the value of a field, if `fields` is an object that has the field. */
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

/** Renames an item's state `kept` to `skipped`. */
export const upgradeItem = renameState('kept', 'skipped')

/** Also renames a pull's `came.news` to `result.isNew`, and a layer's state `here` to `exists`. */
export function upgradeJob(job: unknown): unknown {
  const withItems = mapField(job, 'items', (items) => mapList(items, upgradeItem))
  return mapField(withItems, 'subject', (subject) => {
    const withLayers = mapField(subject, 'layers', (layers) => mapList(layers, renameState('here', 'exists')))
    return mapField(renameField(withLayers, 'came', 'result'), 'result', (result) =>
      renameField(result, 'news', 'isNew'),
    )
  })
}

/** Migrates jobs.json from version 1. */
export const upgradeJobs: Migration = (old) => ({
  ...old,
  ...(old['jobs'] !== undefined && { jobs: mapList(old['jobs'], upgradeJob) }),
})

/** Migrates mirrors.json from version 1: a race's `genuine` is now `confirmed`, its `cut` is now `cancelled`. */
export const upgradeMirrors: Migration = (old) => ({
  ...old,
  ...(old['race'] !== undefined && { race: upgradeRace(old['race']) }),
})

const upgradeRace = (race: unknown): unknown =>
  mapField(renameField(renameField(race, 'genuine', 'confirmed'), 'cut', 'cancelled'), 'probes', (probes) =>
    isFields(probes)
      ? Object.fromEntries(Object.entries(probes).map(([address, probe]) => [address, upgradeProbe(probe)]))
      : probes,
  )

/** The failure `mirror-says-anything` is now `mirror-accepts-unknown-digest`. */
const upgradeProbe = (probe: unknown): unknown =>
  mapField(probe, 'failure', (failure) =>
    mapField(failure, 'code', (code) => (code === 'mirror-says-anything' ? 'mirror-accepts-unknown-digest' : code)),
  )

/** Migrates a line of a job's journal from version 1. */
export function upgradeLine(line: unknown): unknown {
  return mapField(mapField(line, 'job', upgradeJob), 'item', upgradeItem)
}
