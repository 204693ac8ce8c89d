/**
 * Finds candidate engines, in the order of the Docker CLI: DOCKER_HOST, DOCKER_CONTEXT, the current context of the CLI's
 * configuration, the default socket. Source: docker/cli cli/command/cli.go, `resolveContextName`. If the CLI would use the
 * default socket, Slipway also tries other well-known sockets.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { kindOfEndpoint, sharesThisComputer } from '../../../model/engine/kind.ts'
import { ok, type EngineContext } from '../../../preload/contract/index.ts'
import { currentContext, readCertificates, readContext, readContexts } from './docker-files.ts'
import type { Certificates, ContextResult, StoredContext } from './docker-files.ts'
import { readHostFacts, socketTarget } from './host-facts.ts'

export interface Candidate extends EngineContext {
  readonly certificates?: Certificates
}

export interface HostEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const systemSocket = 'unix:///var/run/docker.sock'

/**
 * @returns the engines to try, best first. If the user chose an engine, in Slipway or for the Docker CLI, the result has
 * only that engine. Fails if the chosen context is unknown or unreadable.
 */
export function findCandidates(environment: HostEnvironment, chosen?: string): ContextResult<Candidate[]> {
  const { env } = environment
  const folder = dockerFolder(environment)
  if (chosen !== undefined) return findByName(chosen, environment)
  if (env['DOCKER_HOST']) return ok([defaultEngine(env, folder)])

  let name = env['DOCKER_CONTEXT']
  if (!name) {
    const current = currentContext(folder)
    if (!current.ok) return current
    name = current.value
  }
  if (name && name !== 'default') return findStoredContext(name, folder)
  return ok([createCandidate('default', systemSocket), ...wellKnownSockets(environment)])
}

/** @returns the contexts that the user can choose: the default, the stored contexts, the well-known sockets that exist */
export function findChoices(environment: HostEnvironment): Candidate[] {
  const folder = dockerFolder(environment)
  const choices = [defaultEngine(environment.env, folder), ...readContexts(folder).map(toCandidate)]
  const sockets = wellKnownSockets(environment).filter(({ endpoint }) => existsSync(endpoint.slice('unix://'.length)))
  // If the user created a context for a socket, that context is listed instead of Slipway's name for the socket.
  for (const socket of sockets)
    if (!choices.some(({ name, endpoint }) => name === socket.name || endpoint === socket.endpoint))
      choices.push(socket)
  return choices.filter(({ name }, at) => choices.findIndex((choice) => choice.name === name) === at)
}

/** @returns the CLI flags that select the candidate; none if `docker` without flags uses the same engine */
export function dockerFlags(candidate: Candidate, environment: HostEnvironment): string[] {
  const usesSameEngine = ({ endpoint, certificates }: Candidate) =>
    endpoint === candidate.endpoint && isDeepStrictEqual(certificates, candidate.certificates)
  const cliCandidates = findCandidates(environment)
  if (cliCandidates.ok && usesSameEngine(cliCandidates.value[0]!)) return []
  const { name } = candidate
  const isKnownToCli = name === 'default' || findStoredContext(name, dockerFolder(environment)).ok
  return isKnownToCli ? ['--context', name] : ['-H', candidate.endpoint]
}

/** @returns the part of a candidate that the window may have: all except the TLS keys */
export const toEngineContext = ({ name, endpoint, local, kind }: Candidate): EngineContext => ({
  ...{ name, endpoint, local, kind },
})

const dockerFolder = ({ env, home }: HostEnvironment) => env['DOCKER_CONFIG'] || join(home, '.docker')

function findByName(name: string, environment: HostEnvironment): ContextResult<Candidate[]> {
  const folder = dockerFolder(environment)
  if (name === 'default') return ok([defaultEngine(environment.env, folder)])
  const found = findStoredContext(name, folder)
  if (found.ok || found.error.code !== 'context-unknown') return found
  const socket = wellKnownSockets(environment).find((socket) => socket.name === name)
  return socket ? ok([socket]) : found
}

function defaultEngine(env: HostEnvironment['env'], folder: string): Candidate {
  const host = env['DOCKER_HOST']
  const usesTls = host && (env['DOCKER_TLS_VERIFY'] || env['DOCKER_TLS'])
  return {
    ...createCandidate('default', host || systemSocket),
    ...(usesTls && {
      certificates: readCertificates(env['DOCKER_CERT_PATH'] || folder, Boolean(env['DOCKER_TLS_VERIFY'])),
    }),
  }
}

function findStoredContext(name: string, folder: string): ContextResult<Candidate[]> {
  const found = readContext(name, folder)
  return found.ok ? ok([toCandidate(found.value)]) : found
}

const toCandidate = ({ name, host, ...rest }: StoredContext): Candidate => ({
  ...createCandidate(name, host || systemSocket),
  ...rest,
})

function wellKnownSockets({ env, home }: HostEnvironment): Candidate[] {
  const runtime = env['XDG_RUNTIME_DIR']
  return [
    ...(runtime ? [createCandidate('rootless', `unix://${runtime}/docker.sock`)] : []),
    createCandidate('desktop-linux', `unix://${home}/.docker/desktop/docker.sock`),
    ...(runtime ? [createCandidate('podman', `unix://${runtime}/podman/podman.sock`)] : []),
    createCandidate('podman-root', 'unix:///run/podman/podman.sock'),
  ]
}

function createCandidate(name: string, endpoint: string): Candidate {
  const socket = endpoint.startsWith('unix://') ? socketTarget(endpoint.slice('unix://'.length)) : ''
  const kind = kindOfEndpoint({ name, endpoint, socket }, readHostFacts())
  return { name, endpoint, local: sharesThisComputer(kind), kind }
}
