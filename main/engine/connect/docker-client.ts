/** Creates dockerode clients. */
import { inspect } from 'node:util'
import Docker from 'dockerode'
import type { Route } from './routes.ts'

/**
 * Creates a dockerode client for a route. Streams (events, terminals, pulls, archives) and waits use `longLivedAgent`,
 * so that they do not occupy the limited connections of other requests.
 * @param api the API version in request paths, such as `1.41`; without one the paths have no version
 */
export function createDockerClient({ longLivedAgent, ...route }: Route, api?: string): Docker {
  // docker-modem formats every request, with the whole agent, for its debug log, even if the log is off.
  for (const agent of [route.agent, longLivedAgent])
    if (agent) Object.assign(agent, { [inspect.custom]: () => 'agent' })
  const docker = new Docker({ ...route, ...(api !== undefined && { version: `v${api}` }) })
  if (!longLivedAgent) return docker
  const { modem } = docker
  const { dial } = modem
  const longLivedModem = Object.create(modem, { agent: { value: longLivedAgent } })
  modem.dial = (request, callback) => dial.call(isLongLived(request) ? longLivedModem : modem, request, callback)
  return docker
}

/** `hasPath` sends its HEAD request as a stream, but the reply ends at once. */
const isLongLived = ({ path, method, isStream }: Parameters<Docker['modem']['dial']>[0]) =>
  (isStream && method !== 'HEAD') || /^\/containers\/[^/]+\/wait\?/.test(path)
