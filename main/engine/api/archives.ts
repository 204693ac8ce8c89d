/** Images as archives: saved from the engine, loaded into it. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { stream } from './request.ts'
import type { EngineSession } from './session.ts'

/** The classic store writes the whole archive to a file of its own before its first byte (FACTS: 8 s a GB). */
const saveTimeoutMs = 600_000
const loadTimeoutMs = 3_600_000
const maxSaidCharacters = 100_000

/** One archive with all of them; names keep their tags. Timeout for the first byte: 10 min. */
export function saveImages(
  session: EngineSession,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  return stream(session, { path: `/images/get?${query}&`, timeoutMs: saveTimeoutMs, signal })
}

/** @returns what the engine said, a JSON text a line: a fault is told in the midst of it. Timeout: 1 h. */
export async function loadImages(session: EngineSession, archive: Readable): Promise<string> {
  const query = { quiet: true }
  const request = { method: 'POST', path: '/images/load', query, file: archive, timeoutMs: loadTimeoutMs } as const
  let said = ''
  for await (const chunk of await stream(session, request)) said = (said + String(chunk)).slice(-maxSaidCharacters)
  return said
}
