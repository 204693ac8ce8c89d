/** Networks: list. Source: Docker Engine API, NetworkList. */
import * as v from 'valibot'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

const networks = v.array(v.object({ Name: v.string() }))

/** @returns the names of all networks, sorted. Timeout: 10 s. */
export async function listNetworks(session: EngineSession): Promise<string[]> {
  return (await ask(session, networks, { path: '/networks' })).map(({ Name }) => Name).sort()
}
