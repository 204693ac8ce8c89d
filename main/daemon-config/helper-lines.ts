/** Schemas of the helper's output lines (resources/helper). Each line is one JSON value. */
import * as v from 'valibot'

export const protocolVersion = 3

export const parse = <T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined => {
  const parsed = v.safeParse(schema, value)
  return parsed.success ? parsed.output : undefined
}

/** The steps of a change, in order. After every rollback, at whatever step, `put-back` is sent. */
const steps = ['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed', 'put-back'] as const
export type HelperStep = (typeof steps)[number]

const key = v.picklist(['registry-mirrors', 'insecure-registries'])
/** The state of the file after a rollback. `left`: another program has changed the file since, so it was not restored. */
const state = v.picklist(['untouched', 'restored', 'left', 'unsure'])
const mirrors = v.nullable(v.array(v.string()))

export const marker = v.object({ helper: v.literal('slipway-daemon-file'), protocol: v.number() })
export const ready = v.object({ ready: v.literal(true), recovered: v.nullable(state) })
export const step = v.object({
  step: v.picklist(steps),
  /** With `checked`: whether dockerd itself found the file valid. Not every dockerd can be asked. */
  validated: v.exactOptional(v.boolean()),
})
export const error = v.looseObject({ error: v.string(), state: v.optional(state) })

const backup = v.object({
  hash: v.string(),
  /** When the text was last backed up, in seconds since 1970. */
  time: v.number(),
  /** Whether the text can be parsed, and so restored. */
  valid: v.boolean(),
  /** The mirrors in the backup; null if the text cannot be parsed. */
  mirrors,
  /** The names of the backup's settings; null if the text cannot be parsed. */
  settings: v.nullable(v.array(v.string())),
})
export type Backup = v.InferOutput<typeof backup>

/** What edits of the file's bytes are sent as: offset, length and the new text. */
export type ByteEdit = readonly [offset: number, length: number, text: string]

export const daemonFile = v.object({
  answer: v.literal('read'),
  file: v.string(),
  kind: v.picklist(['system', 'snap', 'rootless']),
  /** The target of a symbolic link; null if the file is not a link. */
  target: v.nullable(v.string()),
  /** SHA-256 of the file's bytes; null if the file does not exist. */
  hash: v.nullable(v.string()),
  /** Null if the file does not exist, is not UTF-8, or has a `fault`. */
  text: v.nullable(v.string()),
  /**
   * Whether only some users can read the file. In `text`, each byte of a string is then an x, except in the names of
   * settings, mirrors and insecure registries.
   */
  masked: v.boolean(),
  /** Why a text that only some users can read cannot be masked, and so is not sent. */
  fault: v.nullable(error),
  owner: v.nullable(v.number()),
  group: v.nullable(v.number()),
  mode: v.nullable(v.string()),
  /**
   * How the engine applies a change; null if the engine is not running. The snap package restarts, with its containers.
   */
  reload: v.nullable(v.picklist(['systemd', 'signal', 'snap'])),
  /** The mirrors in force as the engine reports them; null if the engine's usual socket does not answer. */
  mirrors,
  /** Keys that dockerd was given as flags, which must not be in the file as well. */
  flags: v.array(key),
  /** Whether a change is in progress. */
  pending: v.boolean(),
  backups: v.array(backup),
})
export type DaemonFile = v.InferOutput<typeof daemonFile>

export const changed = v.object({
  answer: v.literal('changed'),
  hash: v.string(),
  /**
   * Whether the engine confirmed the change; false if the engine is not running or its usual socket does not answer.
   */
  confirmed: v.boolean(),
  /** Whether the engine is running. */
  running: v.boolean(),
})
export type Changed = v.InferOutput<typeof changed>

export const kept = v.pipe(
  v.object({ answer: v.literal('kept') }),
  v.transform(() => undefined),
)
export const undone = v.pipe(
  v.object({ answer: v.literal('undone'), state }),
  v.transform(({ state }) => state),
)
export const history = v.pipe(
  v.object({ answer: v.literal('history'), backups: v.array(backup) }),
  v.transform(({ backups }) => backups),
)
