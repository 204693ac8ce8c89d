/** Which shells a container has, without running anything in it. */
import { shells } from '../../../model/run/suggestion.ts'
import { hasPath } from './containers.ts'
import type { EngineSession } from './session.ts'

export type Shell = (typeof shells)[number]['command']

/** @returns the best first */
export async function shellsIn(session: EngineSession, container: string): Promise<readonly Shell[]> {
  const found = await Promise.all(shells.map(({ path }) => hasPath(session, container, path)))
  return shells.filter((_, at) => found[at]).map(({ command }) => command)
}
