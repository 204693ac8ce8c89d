/** The mirrors that the engine says it has now. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { distinctMirrors } from '../../model/mirrors/address.ts'
import type { Result } from '../../preload/contract/index.ts'
import { ask, list } from '../engine/index.ts'

const info = v.object({ RegistryConfig: v.nullish(v.object({ Mirrors: list(v.string()) })) })

/** An engine that says nothing for so long, in milliseconds, does not answer. */
const patience = 10_000

/** Each once, as the engine uses them; nothing where it does not answer. */
export async function mirrorsInForce(
  docker: Result<Docker>,
  cancelled?: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (!docker.ok) return undefined
  const silence = AbortSignal.timeout(patience)
  const over = cancelled ? AbortSignal.any([cancelled, silence]) : silence
  const told = v.safeParse(info, await ask(docker.value, '/info', {}, over).catch(() => undefined))
  return told.success ? distinctMirrors(told.output.RegistryConfig?.Mirrors ?? []) : undefined
}
