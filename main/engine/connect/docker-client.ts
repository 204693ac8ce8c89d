/** Creates dockerode clients. */
import { inspect } from 'node:util'
import Docker from 'dockerode'
import type { Route } from './routes.ts'

/**
 * Creates a dockerode client for a route. Streams (events, terminals, pulls, archives) and waits use `longLivedAgent`,
 * so that they do not occupy the limited connections of other requests.
 * @param api the API version in request paths, such as `1.41`; without one the paths have no version
 */
export function createDockerClient({ longLivedAgent, pathPrefix = '', ...route }: Route, api?: string): Docker {
  // docker-modem formats every request, with the whole agent, for its debug log, even if the log is off.
  for (const agent of [route.agent, longLivedAgent])
    if (agent) Object.assign(agent, { [inspect.custom]: () => 'agent' })
  // docker-modem loses its own option `pathPrefix`. It puts `version` before the path of each request.
  const version = [...pathPrefix.split('/'), api && `v${api}`].filter(Boolean).join('/')
  const docker = withoutDockerHost(() => new Docker({ ...route, ...(version && { version }) }))
  if (!longLivedAgent) return docker
  const { modem } = docker
  const { dial } = modem
  const longLivedModem = Object.create(modem, { agent: { value: longLivedAgent } })
  modem.dial = (request, callback) => dial.call(isLongLived(request) ? longLivedModem : modem, request, callback)
  return docker
}

/**
 * docker-modem adds DOCKER_HOST and DOCKER_CERT_PATH of this process to the route, so that a Unix socket's route would
 * lead to the host in DOCKER_HOST, and throws if they are malformed.
 */
function withoutDockerHost(create: () => Docker): Docker {
  const host = process.env['DOCKER_HOST']
  delete process.env['DOCKER_HOST']
  try {
    return create()
  } finally {
    if (host !== undefined) process.env['DOCKER_HOST'] = host
  }
}

/** `hasPath` sends its HEAD request as a stream, but the reply ends at once. */
const isLongLived = ({ path, method, isStream }: Parameters<Docker['modem']['dial']>[0]) =>
  (isStream && method !== 'HEAD') || /^\/containers\/[^/]+\/wait\?/.test(path)
