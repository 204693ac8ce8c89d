/** The lines that the helper says, in its protocol of this version (resources/helper). */
import * as v from 'valibot'

export const protocol = 1

export const parse = <T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined => {
  const parsed = v.safeParse(schema, value)
  return parsed.success ? parsed.output : undefined
}

/** In the order in which they are done; `put-back` in place of the rest, where one fails. */
const steps = ['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed', 'put-back'] as const
export type HelperStep = (typeof steps)[number]

const key = v.picklist(['registry-mirrors', 'insecure-registries'])
const state = v.picklist(['untouched', 'restored', 'left', 'unsure'])
const mirrors = v.nullable(v.array(v.string()))

export const marker = v.object({ helper: v.literal('slipway-daemon-file'), protocol: v.number() })
export const ready = v.object({ ready: v.literal(true), recovered: v.nullable(state) })
export const step = v.object({ step: v.picklist(steps) })
export const error = v.looseObject({ error: v.string(), state: v.optional(state) })

const backup = v.object({
  hash: v.string(),
  /** When it was last replaced, in seconds since 1970. */
  time: v.number(),
  /** It can be parsed, so it can be restored. */
  valid: v.boolean(),
  /** Those in it; nothing where it cannot be parsed. */
  mirrors,
})
export type Backup = v.InferOutput<typeof backup>

export const daemonFile = v.object({
  answer: v.literal('read'),
  file: v.string(),
  kind: v.picklist(['system', 'snap', 'rootless']),
  /** Where its bytes are, if it is a link. */
  target: v.nullable(v.string()),
  /** Of its bytes, sha256; nothing where there is no file. */
  hash: v.nullable(v.string()),
  /** Nothing where there is no file, or it is not UTF-8. */
  text: v.nullable(v.string()),
  owner: v.nullable(v.number()),
  group: v.nullable(v.number()),
  mode: v.nullable(v.string()),
  /** How Docker takes a change up: nothing where it does not run. A snap restarts, and its containers with it. */
  reload: v.nullable(v.picklist(['systemd', 'signal', 'snap'])),
  /** In force, as the engine says; nothing where it cannot be asked at its usual place. */
  mirrors,
  /** Given to dockerd as flags, so that the file must not say them. */
  flags: v.array(key),
  /** A change is under way. */
  pending: v.boolean(),
  backups: v.array(backup),
})
export type DaemonFile = v.InferOutput<typeof daemonFile>

export const changed = v.object({
  answer: v.literal('changed'),
  hash: v.string(),
  /** The engine has said that it took it up; false where it does not run, or cannot be asked at its usual place. */
  confirmed: v.boolean(),
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
