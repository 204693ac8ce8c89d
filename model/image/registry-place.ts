/** The location of a repository: registry name, API host and path. */
import { hub, splitHost } from './reference.ts'

export interface RepositoryLocation {
  /** Name of the registry in references: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string
  /** Host of the registry's API. Only Docker Hub's host differs from its name. */
  readonly host: string
  /** Full path, including `library/` for official images of Docker Hub. */
  readonly path: string
}

/**
 * Host of Docker Hub's registry API.
 * @see moby registry/config.go, `DefaultV2Registry`
 */
export const hubRegistry = 'registry-1.docker.io'

export function locateRepository(repository: string): RepositoryLocation {
  const { host, path } = splitHost(repository)
  return { registry: host, host: host === hub ? hubRegistry : host, path }
}

/**
 * Whether a host, with or without a port, is `localhost` or a loopback address (127.0.0.0/8, ::1), for which Docker uses
 * plain HTTP.
 */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}
