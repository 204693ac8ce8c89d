/** Migrates jobs and races that older versions stored with other names of fields, states and error codes. */
import type { Migration } from './migrate.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Replaces the value of a field by `change(value)`, if `fields` is an object that has the field. */
const mapField = (fields: unknown, name: string, change: (value: unknown) => unknown): unknown =>
  isFields(fields) && name in fields ? { ...fields, [name]: change(fields[name]) } : fields

const mapList = (list: unknown, change: (value: unknown) => unknown): unknown =>
  Array.isArray(list) ? list.map(change) : list

function renameField(fields: unknown, from: string, to: string): unknown {
  if (!isFields(fields) || !(from in fields)) return fields
  const { [from]: value, ...others } = fields
  return { [to]: value, ...others }
}

/** The new name of each renamed error code. */
const renamedCodes: Readonly<Record<string, string>> = {
  'image-moved': 'image-changed',
  'container-moved': 'container-changed',
  'plan-moved': 'plan-outdated',
  'image-stays': 'image-not-removed',
  'copy-stays': 'copy-not-deleted',
  'cache-stays': 'cache-not-removed',
  'undo-over': 'undo-unavailable',
  'undo-elsewhere': 'undo-other-engine',
  'registry-nonsense': 'registry-invalid-reply',
  'reference-wrong': 'reference-invalid',
  'mirror-address-wrong': 'mirror-address-invalid',
  'pull-no-room': 'pull-no-space',
  'daemon-file-secret': 'daemon-file-needs-password',
  'daemon-file-cut': 'daemon-file-interrupted',
  'daemon-file-doubled': 'daemon-file-duplicate-key',
  'daemon-file-odd': 'daemon-file-unsuitable',
  'daemon-file-folder': 'daemon-file-folder-unsafe',
  'daemon-file-fixed': 'daemon-file-not-writable',
  'daemon-file-elsewhere': 'daemon-file-other-file',
  'daemon-file-not-taken': 'daemon-file-not-applied',
  'daemon-file-untried': 'daemon-file-test-failed',
  'daemon-file-given-up': 'daemon-file-cancelled',
  'daemon-file-fault': 'daemon-file-helper-error',
  'daemon-file-flag': 'daemon-file-flag-conflict',
  'daemon-file-mirror': 'daemon-file-mirror-invalid',
  'daemon-file-registry': 'daemon-file-registry-invalid',
  'daemon-file-reload': 'daemon-file-reload-failed',
  'mirror-says-anything': 'mirror-accepts-unknown-digest',
}

const migrateFailure = (failure: unknown): unknown =>
  mapField(failure, 'code', (code) => (typeof code === 'string' ? (renamedCodes[code] ?? code) : code))

const renameState = (from: string, to: string) => (fields: unknown) =>
  mapField(fields, 'state', (state) => (state === from ? to : state))

/** Migrates an item of a job: its state `kept` is now `skipped`. */
const migrateItem = (item: unknown): unknown =>
  mapField(renameState('kept', 'skipped')(item), 'failure', migrateFailure)

/**
 * Migrates a job: its items and failure, a pull's `came.news` (now `result.isNew`), and a layer's state `here` (now
 * `exists`).
 */
function migrateJob(job: unknown): unknown {
  const withItems = mapField(mapField(job, 'failure', migrateFailure), 'items', (items) => mapList(items, migrateItem))
  return mapField(withItems, 'subject', (subject) => {
    const withLayers = mapField(subject, 'layers', (layers) => mapList(layers, renameState('here', 'exists')))
    return mapField(renameField(withLayers, 'came', 'result'), 'result', (result) =>
      renameField(result, 'news', 'isNew'),
    )
  })
}

/** Migrates jobs.json from version 1. */
export const migrateJobs: Migration = (old) => ({
  ...old,
  ...(old['jobs'] !== undefined && { jobs: mapList(old['jobs'], migrateJob) }),
})

/** Migrates mirrors.json from version 1: a race's `genuine` is now `confirmed`, its `cut` is now `cancelled`. */
export const migrateMirrors: Migration = (old) => ({
  ...old,
  ...(old['race'] !== undefined && { race: migrateRace(old['race']) }),
})

const migrateRace = (race: unknown): unknown =>
  mapField(renameField(renameField(race, 'genuine', 'confirmed'), 'cut', 'cancelled'), 'probes', (probes) =>
    isFields(probes)
      ? Object.fromEntries(Object.entries(probes).map(([address, probe]) => [address, migrateProbe(probe)]))
      : probes,
  )

const migrateProbe = (probe: unknown): unknown => mapField(probe, 'failure', migrateFailure)

/** Migrates a line of a job's journal from version 1. */
export function migrateLine(line: unknown): unknown {
  return mapField(mapField(line, 'job', migrateJob), 'item', migrateItem)
}
