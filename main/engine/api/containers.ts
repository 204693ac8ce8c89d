/** Containers: list, inspect, create, start, stop, remove, logs, files. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'
import { EngineError, statusOf } from './errors.ts'
import { id, list, text } from './replies.ts'
import { ask, find, send, stream, usualTimeoutMs } from './request.ts'
import type { EngineSession } from './session.ts'

const binding = v.object({ HostIp: text, HostPort: text })
const mount = v.object({ Type: text, Name: text, Destination: text })

const containerInspect = v.object({
  Name: v.string(),
  Path: text,
  Args: list(v.string()),
  Image: id,
  State: v.object({ Running: v.boolean(), Status: v.string(), ExitCode: v.nullish(v.number(), 0) }),
  Config: v.object({ Image: v.string(), Tty: v.boolean(), OpenStdin: v.boolean() }),
  HostConfig: v.object({
    AutoRemove: v.nullish(v.boolean(), false),
    Binds: list(v.string()),
    Mounts: list(v.object({ Source: text, Target: v.string() })),
  }),
  Mounts: list(mount),
  NetworkSettings: v.object({ Ports: v.nullish(v.record(v.string(), list(binding)), {}) }),
  SizeRw: v.nullish(v.number(), 0),
})
export type ContainerInspect = v.InferOutput<typeof containerInspect>

/** @returns undefined if the container does not exist. With `size`, its files are measured. Timeout: 10 s; 2 min with `size`. */
export const inspectContainer = (
  session: EngineSession,
  container: string,
  { size = false } = {},
): Promise<ContainerInspect | undefined> =>
  find(session, containerInspect, {
    path: `/containers/${container}/json`,
    query: { size },
    timeoutMs: size ? 120_000 : usualTimeoutMs,
  })

const listed = v.array(
  v.object({
    Id: v.string(),
    ImageID: id,
    Names: list(v.string()),
    Ports: list(v.object({ IP: text, PublicPort: v.optional(v.number()), Type: text })),
  }),
)
export type ListedContainer = v.InferOutput<typeof listed>[number]

/** The running ones, or with `all` also those that are not. Timeout: 30 s. */
export const listContainers = (session: EngineSession, { all = false, volume = '' } = {}): Promise<ListedContainer[]> =>
  ask(session, listed, {
    path: '/containers/json',
    query: { all, ...(volume && { filters: { volume: [volume] } }) },
    timeoutMs: 30_000,
  })

const created = v.object({ Id: v.string() })

/** @returns the id of the new container. Timeout: 60 s. */
export async function createContainer(session: EngineSession, { name, ...body }: CreateRequest): Promise<string> {
  const query = name === undefined || name === '' ? {} : { name }
  const request = { method: 'POST', path: '/containers/create', query, body, timeoutMs: 60_000 } as const
  return (await ask(session, created, request)).Id
}
/** The body of the request, and beside it the name. Source: Docker Engine API, ContainerCreate. */
export type CreateRequest = Readonly<Record<string, unknown>> & { readonly name?: string | undefined }

/** Starting waits for networks and mounts. Timeout: 2 min. */
const startTimeoutMs = 120_000
/** The engine kills after 10 s what does not end by itself. */
const stopTimeoutMs = 60_000

/** A container that runs already counts as started (304). */
export const startContainer = async (session: EngineSession, container: string): Promise<void> => {
  await send(session, { method: 'POST', path: `/containers/${container}/start`, timeoutMs: startTimeoutMs }).catch(
    unless(304),
  )
}

/**
 * A container that does not run counts as stopped (304). `graceSeconds`: until it is killed; 10 by default.
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
    unless(304, 404)(error)
    return statusOf(error) === 304
  }
}

/** `conflict`: it runs, or the engine is removing it already, in the engine's own words. */
export type ContainerRemovalOutcome = 'removed' | 'missing' | { readonly conflict: string }

/** Never forced; with `volumes`, its anonymous volumes go too. Timeout: 2 min. */
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

/** Ignores a refusal with one of these statuses; throws every other error. */
const unless =
  (...statuses: readonly number[]) =>
  (error: unknown): void => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error
  }

/** The last lines that a container wrote, as the engine sends them (stream-frames.ts, unless it has a terminal). */
export async function readLastLines(session: EngineSession, container: string, lines: number): Promise<Buffer> {
  const query = { stdout: true, stderr: true, tail: lines }
  const reply = await stream(session, { path: `/containers/${container}/logs`, query, timeoutMs: usualTimeoutMs })
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Whether a container has a file or a folder there; it need not run. Timeout: 10 s. */
export async function hasPath(session: EngineSession, container: string, path: string): Promise<boolean> {
  try {
    const request = { method: 'HEAD', path: `/containers/${container}/archive`, query: { path } } as const
    const reply = await stream(session, { ...request, timeoutMs: usualTimeoutMs })
    reply.resume()
    return true
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false
    throw error
  }
}
