/** Finds other engines that the user may want: those that answer a ping now. */
import { realpathSync } from 'node:fs'
import type { EngineContext, EngineState } from '../../../preload/contract/index.ts'
import { ping } from '../api/system.ts'
import { agreedApi } from '../api/versions.ts'
import { findCandidates, findChoices, toEngineContext, type Candidate, type HostEnvironment } from './candidates.ts'
import { offeredApi } from './connection.ts'
import { createDockerClient } from './docker-client.ts'
import { routeTo, type Route } from './routes.ts'

/** A healthy engine answers at once, and over ssh within about two seconds. */
const pingTimeoutMs = 3_000

/**
 * @returns the engines that answer, except the one of `state`. While that one is connected, only engines on this computer
 * are asked, and only if nothing has chosen it. Timeout: 3 s.
 */
export async function findOtherEngines(
  environment: HostEnvironment,
  chosen: string | undefined,
  state: EngineState,
): Promise<EngineContext[]> {
  if (state.status === 'connecting') return []
  const isConnected = state.status === 'connected'
  if (isConnected && isChosen(environment, chosen)) return []
  const seen = new Set(state.context && [resolvedAddress(state.context.endpoint)])
  const others: Candidate[] = []
  for (const { candidate } of findChoices(environment)) {
    if (!candidate || (isConnected && candidate.at.kind !== 'unix')) continue
    const address = resolvedAddress(candidate.endpoint)
    if (!seen.has(address)) others.push(candidate)
    seen.add(address)
  }
  const answers = await Promise.all(others.map((other) => answersPing(other, environment.env)))
  return others.filter((_, at) => answers[at]).map(toEngineContext)
}

function isChosen(environment: HostEnvironment, chosen: string | undefined): boolean {
  const candidates = findCandidates(environment, chosen)
  return !candidates.ok || candidates.value.length === 1
}

/** For a socket the path that its links lead to: with podman-docker, `/var/run/docker.sock` is a link to Podman's. */
function resolvedAddress(endpoint: string): string {
  if (!endpoint.startsWith('unix://')) return endpoint
  try {
    return `unix://${realpathSync(endpoint.slice('unix://'.length))}`
  } catch {
    return endpoint
  }
}

async function answersPing(candidate: Candidate, env: HostEnvironment['env']): Promise<boolean> {
  const signal = AbortSignal.timeout(pingTimeoutMs)
  let route: Route | undefined
  try {
    route = routeTo(candidate, env, () => {})
    const headers = await ping({ docker: createDockerClient(route), context: toEngineContext(candidate), signal })
    const api = offeredApi(headers)
    return api !== undefined && agreedApi(api) !== undefined
  } catch {
    return false
  } finally {
    route?.agent.destroy()
    route?.longLivedAgent?.destroy()
  }
}
