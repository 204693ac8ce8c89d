/**
 * Finds candidate engines, in the order of the Docker CLI: DOCKER_HOST, DOCKER_CONTEXT, the current context of the CLI's
 * configuration, the default socket. Source: docker/cli cli/command/cli.go, `resolveContextName`. If the CLI would use the
 * default socket, Slipway also tries other well-known sockets.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parseEndpoint, systemSocket, withoutPassword, type Endpoint } from '../../../model/engine/endpoint.ts'
import { kindOfEndpoint, sharesThisComputer } from '../../../model/engine/kind.ts'
import { fail, ok, type ConfigProblem, type EngineContext, type EngineState } from '../../../preload/contract/index.ts'
import { readCertificates, readContext, readContexts, readDockerConfig } from './docker-files.ts'
import type { Certificates, ContextResult, StoredContext } from './docker-files.ts'
import { readHostFacts, socketTarget } from './host-facts.ts'

export interface Candidate extends EngineContext {
  /** `endpoint`, parsed. */
  readonly at: Endpoint
  readonly certificates?: Certificates
}

export interface HostEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /**
   * The environment in which the user runs copied commands; undefined if it is not known. Absent if it is this one.
   */
  terminal?(): HostEnvironment | undefined
}

/**
 * @returns the engines to try, best first. If the user chose an engine, in Slipway or for the Docker CLI, the result has
 * only that engine. Fails if the chosen context is unknown or unreadable, or if its address cannot be used.
 */
export function findCandidates(environment: HostEnvironment, chosen?: string): ContextResult<Candidate[]> {
  const { env } = environment
  const folder = dockerFolder(environment)
  if (chosen !== undefined) return asList(findByName(chosen, environment))
  if (env['DOCKER_HOST']) return asList(defaultEngine(env, folder))

  const source = env['DOCKER_CONTEXT'] ? 'environment' : 'config'
  const name = env['DOCKER_CONTEXT'] || readDockerConfig(folder).currentContext
  if (name && name !== 'default') {
    const found = findStoredContext(name, folder)
    return !found.ok && found.error.code === 'context-unknown' ? fail({ ...found.error, source }) : asList(found)
  }
  return ok([socketCandidate('default', systemSocket), ...wellKnownSockets(environment)])
}

/** A context that the user can choose. */
export interface Choice extends EngineContext {
  /** Absent if the context's address cannot be used. */
  readonly candidate?: Candidate
}

/** @returns the contexts that the user can choose: the default, the stored contexts, the well-known sockets that exist */
export function findChoices(environment: HostEnvironment): Choice[] {
  const { env } = environment
  const folder = dockerFolder(environment)
  const choices = [
    toChoice('default', env['DOCKER_HOST'] ?? '', defaultEngine(env, folder)),
    ...readContexts(folder).map((stored) => toChoice(stored.name, stored.host, toCandidate(stored))),
  ]
  const sockets = extraSockets(environment).filter(({ endpoint }) => existsSync(endpoint.slice('unix://'.length)))
  // If the user created a context for a socket, that context is listed instead of Slipway's name for the socket.
  for (const socket of sockets)
    if (!choices.some(({ name, endpoint }) => name === socket.name || endpoint === socket.endpoint))
      choices.push({ ...toEngineContext(socket), candidate: socket })
  return choices.filter(({ name }, at) => choices.findIndex((choice) => choice.name === name) === at)
}

/** @returns the state with what is wrong with Docker's `config.json` now, if anything is */
export function withConfigProblem(state: EngineState, environment: HostEnvironment): EngineState {
  const { configProblem: _, ...rest } = state
  const problem = configProblem(environment)
  return { ...rest, ...(problem && { configProblem: problem }) }
}

/** @returns what is wrong with Docker's `config.json`; undefined if nothing is */
export const configProblem = (environment: HostEnvironment): ConfigProblem | undefined =>
  readDockerConfig(dockerFolder(environment)).problem

/**
 * @param environment where the command is run; undefined if that is not known
 * @returns the CLI flags that select the candidate there; none if `docker` without flags surely uses it
 */
export function dockerFlags(candidate: Candidate, environment: HostEnvironment | undefined): string[] {
  if (!environment) return flagsAnywhere(candidate)
  const usesSameEngine = ({ endpoint, certificates }: Candidate) =>
    endpoint === candidate.endpoint && isDeepStrictEqual(certificates, candidate.certificates)
  const cliCandidates = findCandidates(environment)
  if (cliCandidates.ok && usesSameEngine(cliCandidates.value[0]!)) return []
  const { name } = candidate
  const named = name === 'default' ? findByName(name, environment) : findStoredContext(name, dockerFolder(environment))
  // There, `default` may be another engine, that of DOCKER_HOST.
  return named.ok && usesSameEngine(named.value) ? ['--context', name] : ['-H', candidate.endpoint]
}

/** An address is the same engine everywhere, a name may not be. But certificates and `https://` need a context. */
const flagsAnywhere = ({ name, endpoint, certificates }: Candidate): string[] =>
  name !== 'default' && (certificates || endpoint.startsWith('https://')) ? ['--context', name] : ['-H', endpoint]

/** @returns the part of a candidate that the window may have: all except the TLS keys */
export const toEngineContext = ({ name, endpoint, local, kind }: EngineContext): EngineContext => ({
  ...{ name, endpoint, local, kind },
})

const dockerFolder = ({ env, home }: HostEnvironment) => env['DOCKER_CONFIG'] || join(home, '.docker')

function findByName(name: string, environment: HostEnvironment): ContextResult<Candidate> {
  const folder = dockerFolder(environment)
  if (name === 'default') return defaultEngine(environment.env, folder)
  const found = findStoredContext(name, folder)
  if (found.ok || found.error.code !== 'context-unknown') return found
  const socket = extraSockets(environment).find((socket) => socket.name === name)
  if (socket) return ok(socket)
  // Without DOCKER_HOST, the usual socket is the default engine.
  return name === usualSocketName ? defaultEngine(environment.env, folder) : found
}

function defaultEngine(env: HostEnvironment['env'], folder: string): ContextResult<Candidate> {
  const host = env['DOCKER_HOST'] ?? ''
  const usesTls = host && (env['DOCKER_TLS_VERIFY'] || env['DOCKER_TLS'])
  const certificates = usesTls
    ? readCertificates(env['DOCKER_CERT_PATH'] || folder, Boolean(env['DOCKER_TLS_VERIFY']))
    : undefined
  const parsed = parseEndpoint(host, certificates !== undefined)
  return parsed.ok
    ? ok(createCandidate('default', parsed.value, certificates))
    : fail({ code: 'address-unusable', address: withoutPassword(host), fault: parsed.fault })
}

function findStoredContext(name: string, folder: string): ContextResult<Candidate> {
  const found = readContext(name, folder)
  return found.ok ? toCandidate(found.value) : found
}

function toCandidate({ name, host, certificates }: StoredContext): ContextResult<Candidate> {
  const parsed = parseEndpoint(host, certificates !== undefined)
  return parsed.ok
    ? ok(createCandidate(name, parsed.value, certificates))
    : fail({ code: 'address-unusable', address: withoutPassword(host), context: name, fault: parsed.fault })
}

const usualSocketName = 'system'

/** The well-known sockets, and the usual one, which has no context if `default` is the engine in DOCKER_HOST. */
const extraSockets = (environment: HostEnvironment): Candidate[] => [
  ...(environment.env['DOCKER_HOST'] ? [socketCandidate(usualSocketName, systemSocket)] : []),
  ...wellKnownSockets(environment),
]

function wellKnownSockets({ env, home }: HostEnvironment): Candidate[] {
  const runtime = env['XDG_RUNTIME_DIR']
  return [
    ...(runtime ? [socketCandidate('rootless', `unix://${runtime}/docker.sock`)] : []),
    socketCandidate('desktop-linux', `unix://${home}/.docker/desktop/docker.sock`),
    ...(runtime ? [socketCandidate('podman', `unix://${runtime}/podman/podman.sock`)] : []),
    socketCandidate('podman-root', 'unix:///run/podman/podman.sock'),
  ]
}

const socketCandidate = (name: string, endpoint: string): Candidate =>
  createCandidate(name, { kind: 'unix', address: endpoint, path: endpoint.slice('unix://'.length) })

function createCandidate(name: string, at: Endpoint, certificates?: Certificates): Candidate {
  const endpoint = at.address
  const socket = at.kind === 'unix' ? socketTarget(at.path) : ''
  const kind = kindOfEndpoint({ name, endpoint, socket }, readHostFacts())
  return { name, endpoint, local: sharesThisComputer(kind), kind, at, ...(certificates && { certificates }) }
}

const toChoice = (name: string, host: string, found: ContextResult<Candidate>): Choice =>
  found.ok
    ? { ...toEngineContext(found.value), candidate: found.value }
    : { name, endpoint: withoutPassword(host), local: false, kind: { type: 'unknown' } }

const asList = (found: ContextResult<Candidate>): ContextResult<Candidate[]> => (found.ok ? ok([found.value]) : found)
