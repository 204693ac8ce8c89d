/** Finds the shells in a container without running anything in the container. */
import { shells } from '../../../model/run/suggestion.ts'
import { hasPath } from './containers.ts'
import type { EngineSession } from './session.ts'

export type Shell = (typeof shells)[number]['command']

/** @returns the shells that exist in the container, best first. Timeout: 10 s. */
export async function shellsIn(session: EngineSession, container: string): Promise<readonly Shell[]> {
  const found = await Promise.all(shells.map(({ path }) => hasPath(session, container, path)))
  return shells.filter((_, index) => found[index]).map(({ command }) => command)
}
