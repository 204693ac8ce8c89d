/** The mirrors that the engine says it has now. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import type { Result } from '../../preload/contract/index.ts'
import { list } from '../engine/index.ts'

const info = v.object({ RegistryConfig: v.nullish(v.object({ Mirrors: list(v.string()) })) })

/** Nothing where it does not answer. */
export async function mirrorsInForce(docker: Result<Docker>): Promise<readonly string[] | undefined> {
  if (!docker.ok) return undefined
  const told = v.safeParse(info, await docker.value.info().catch(() => undefined))
  return told.success ? (told.output.RegistryConfig?.Mirrors ?? []) : undefined
}
