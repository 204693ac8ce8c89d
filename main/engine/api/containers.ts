/** Containers: inspect, create, start, stop, remove, logs, whether a path exists. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'
import { EngineError, statusOf } from './errors.ts'
import { bytes, id, inspectedDate, list, text } from './replies.ts'
import { containerStates, type Container } from '../../../model/image/image.ts'
import { ask, find, send, stream, defaultTimeoutMs } from './request.ts'
import type { EngineSession } from './session.ts'

const binding = v.object({ HostIp: text, HostPort: text })
const mount = v.object({ Type: text, Name: text, Destination: text })

const containerInspect = v.object({
  Id: v.string(),
  Name: v.string(),
  Created: inspectedDate,
  Path: text,
  Args: list(v.string()),
  Image: id,
  State: v.object({ Running: v.boolean(), Status: v.string(), ExitCode: v.nullish(v.number(), 0) }),
  Config: v.object({ Image: v.string(), Tty: v.boolean(), OpenStdin: v.boolean(), Env: list(v.string()) }),
  HostConfig: v.object({
    AutoRemove: v.nullish(v.boolean(), false),
    Binds: list(v.string()),
    Mounts: list(v.object({ Source: text, Target: v.string() })),
  }),
  Mounts: list(mount),
  NetworkSettings: v.object({ Ports: v.nullish(v.record(v.string(), list(binding)), {}) }),
  SizeRw: bytes,
})
export type ContainerInspect = v.InferOutput<typeof containerInspect>

/**
 * @param size whether the engine also measures the container's writable layer (`SizeRw`)
 * @returns undefined if the container does not exist. Timeout: 10 s; 2 min with `size`.
 */
export const inspectContainer = (
  session: EngineSession,
  container: string,
  { size = false } = {},
): Promise<ContainerInspect | undefined> =>
  find(session, containerInspect, {
    path: `/containers/${container}/json`,
    query: { size },
    timeoutMs: size ? 120_000 : defaultTimeoutMs,
  })

const stateOf = (status: string): Container['state'] => containerStates.find((state) => state === status) ?? 'dead'

/** The engine may be busy with its list of images for minutes. */
const busyTimeoutMs = 300_000

/** Inspects a container for the live state. @returns undefined if the container does not exist. Timeout: 5 min. */
export async function inspectListedContainer(
  session: EngineSession,
  container: string,
): Promise<Container | undefined> {
  const path = `/containers/${container}/json`
  const found = await find(session, containerInspect, { path, timeoutMs: busyTimeoutMs })
  return (
    found && {
      id: found.Id,
      name: found.Name.replace(/^\//, ''),
      image: found.Image,
      state: stateOf(found.State.Status),
      created: found.Created,
    }
  )
}

const createReply = v.object({ Id: v.string() })

/** @returns the id of the new container. Timeout: 60 s. */
export async function createContainer(session: EngineSession, { name, ...body }: CreateRequest): Promise<string> {
  const query = name === undefined || name === '' ? {} : { name }
  const request = { method: 'POST', path: '/containers/create', query, body, timeoutMs: 60_000 } as const
  return (await ask(session, createReply, request)).Id
}
/** The body of the request, and the container's name. Source: Docker Engine API, ContainerCreate. */
export type CreateRequest = Readonly<Record<string, unknown>> & { readonly name?: string | undefined }

/** The engine sets up networks and mounts before it replies to a start. */
const startTimeoutMs = 120_000
/** By default the engine kills a container that has not stopped after 10 s. */
const stopTimeoutMs = 60_000

/** Starts a container. Does nothing if it is running (304). Timeout: 2 min. */
export const startContainer = async (session: EngineSession, container: string): Promise<void> => {
  try {
    await send(session, { method: 'POST', path: `/containers/${container}/start`, timeoutMs: startTimeoutMs })
  } catch (error) {
    if (statusOf(error) !== 304) throw error
  }
}

/**
 * Stops a container. Does nothing if it is stopped (304). Timeout: 60 s.
 * @param graceSeconds how long the engine waits before it kills the container; by default the container's own stop
 *   timeout, usually 10 s
 * @returns false if the container does not exist
 */
export async function stopContainer(
  session: EngineSession,
  container: string,
  graceSeconds?: number,
): Promise<boolean> {
  const query = graceSeconds === undefined ? {} : { t: graceSeconds }
  const path = `/containers/${container}/stop`
  try {
    await send(session, { method: 'POST', path, query, timeoutMs: stopTimeoutMs })
    return true
  } catch (error) {
    if (statusOf(error) === 304) return true
    if (statusOf(error) === 404) return false
    throw error
  }
}

/** `conflict`: the engine's message if the container is running or already being removed. */
export type ContainerRemovalOutcome = 'removed' | 'missing' | { readonly conflict: string }

/** Removes a container without force; with `volumes`, also its anonymous volumes. Timeout: 2 min. */
export async function removeContainer(
  session: EngineSession,
  container: string,
  { volumes = false } = {},
): Promise<ContainerRemovalOutcome> {
  const query = volumes ? { v: true } : {}
  try {
    await send(session, { method: 'DELETE', path: `/containers/${container}`, query, timeoutMs: 120_000 })
    return 'removed'
  } catch (error) {
    if (statusOf(error) === 404) return 'missing'
    if (statusOf(error) === 409 && error instanceof EngineError) return { conflict: error.message }
    throw error
  }
}

/**
 * @returns the last log lines of a container, as the engine sends them: in frames (see stream-frames.ts), unless the
 * container has a TTY. Timeout for the first byte: 10 s.
 */
export async function readLastLines(session: EngineSession, container: string, lines: number): Promise<Buffer> {
  const query = { stdout: true, stderr: true, tail: lines }
  const reply = await stream(session, { path: `/containers/${container}/logs`, query, timeoutMs: defaultTimeoutMs })
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Whether a file or folder exists in a container, running or not. Timeout: 10 s. */
export async function hasPath(session: EngineSession, container: string, path: string): Promise<boolean> {
  try {
    const request = { method: 'HEAD', path: `/containers/${container}/archive`, query: { path } } as const
    const reply = await stream(session, { ...request, timeoutMs: defaultTimeoutMs })
    reply.resume()
    return true
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false
    throw error
  }
}
