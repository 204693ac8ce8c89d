/** The engine itself: ping, version, info, events. Source: Docker Engine API, section System. */
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { distinctMirrors } from '../../../model/mirrors/address.ts'
import { list, text } from './replies.ts'
import { ask, stream, defaultTimeoutMs, type Transport } from './request.ts'

/** @returns the headers of the ping reply. Sent without an API version, so that every engine replies. Timeout: 10 s. */
export async function ping(session: Transport): Promise<IncomingMessage['headers']> {
  const reply = await stream(session, { path: '/_ping', timeoutMs: defaultTimeoutMs })
  reply.resume()
  return reply.headers
}

const versionReply = v.object({
  Version: v.string(),
  Os: text,
  Arch: text,
  Components: list(v.object({ Name: v.string() })),
})

/** Timeout: 10 s. */
export const readVersion = (session: Transport) => ask(session, versionReply, { path: '/version' })

const infoReply = v.object({
  ID: text,
  Name: text,
  OperatingSystem: text,
  SecurityOptions: list(v.string()),
  DockerRootDir: text,
  DriverStatus: list(v.array(v.string())),
  HttpsProxy: text,
  HttpProxy: text,
  RegistryConfig: v.nullish(
    v.object({
      Mirrors: list(v.string()),
      InsecureRegistryCIDRs: list(v.string()),
      IndexConfigs: v.nullish(v.record(v.string(), v.object({ Secure: v.nullish(v.boolean(), true) })), {}),
    }),
  ),
})

/** Timeout: 10 s. */
export const readInfo = (session: Transport) => ask(session, infoReply, { path: '/info' })

const securityReply = v.object({ SecurityOptions: list(v.string()) })

/** @returns what confines containers, such as `name=selinux` or `name=seccomp,profile=default`. Timeout: 10 s. */
export const readSecurityOptions = async (session: Transport): Promise<readonly string[]> =>
  (await ask(session, securityReply, { path: '/info' })).SecurityOptions

/** @returns the mirrors in force, without duplicates, in the engine's order. Timeout: 10 s. */
export async function readMirrors(session: Transport, signal?: AbortSignal): Promise<readonly string[]> {
  const { RegistryConfig } = await ask(session, infoReply, { path: '/info', signal })
  return distinctMirrors(RegistryConfig?.Mirrors ?? [])
}

/**
 * @returns the registries that the engine may reach without verified TLS: hosts as in an image reference, and ranges of
 * addresses. Loopback addresses are always among them. Timeout: 10 s.
 */
export async function readInsecureRegistries(
  session: Transport,
): Promise<{ readonly hosts: readonly string[]; readonly cidrs: readonly string[] }> {
  const { RegistryConfig } = await ask(session, infoReply, { path: '/info' })
  const indexes = Object.entries(RegistryConfig?.IndexConfigs ?? {})
  return {
    hosts: indexes.filter(([, { Secure }]) => !Secure).map(([host]) => host),
    cidrs: RegistryConfig?.InsecureRegistryCIDRs ?? [],
  }
}

/** With libuv's ten probes, one second apart, a dead TCP connection is detected within 20 s. */
const keepAliveMs = 10_000

/** Streams the engine's events, one JSON value per line, until the session ends. Timeout for the first byte: 10 s. */
export async function openEvents(
  session: Transport,
  filters?: Readonly<Record<string, readonly string[]>>,
): Promise<IncomingMessage> {
  const query = filters ? { filters } : {}
  const events = await stream(session, { path: '/events', query, timeoutMs: defaultTimeoutMs })
  events.socket.setKeepAlive(true, keepAliveMs)
  return events
}

const engineEvent = v.object({
  Type: text,
  Action: text,
  Actor: v.object({ ID: text, Attributes: v.nullish(v.record(v.string(), v.string()), {}) }),
})
export type EngineEvent = v.InferOutput<typeof engineEvent>

/** Parses a line of the event stream. @returns an event with an empty type if the line is malformed */
export function parseEvent(line: string): EngineEvent {
  try {
    return v.parse(engineEvent, JSON.parse(line))
  } catch {
    return { Type: '', Action: '', Actor: { ID: '', Attributes: {} } }
  }
}
