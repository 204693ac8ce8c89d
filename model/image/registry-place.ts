/** Where a repository lies: the registry's name, the host that answers for it, and the path there. */
import { hub, splitHost } from './reference.ts'

export interface RegistryPlace {
  /** What the user knows the registry by: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string
  /** Who answers for it. Docker Hub is the one registry whose host has another name. */
  readonly host: string
  /** With `library/`, where Docker Hub's short form leaves it away. */
  readonly path: string
}

/** The host that serves Docker Hub's content. Source: moby registry/config.go, `DefaultV2Registry`. */
export const hubRegistry = 'registry-1.docker.io'

export function registryPlace(repository: string): RegistryPlace {
  const { host, rest } = splitHost(repository)
  return { registry: host, host: host === hub ? hubRegistry : host, path: rest }
}

/** Whether a host, with a port or without, is this computer. Docker speaks plain HTTP with such a one (127.0.0.0/8, ::1). */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}
