/** Image archives: save and load. Source: Docker Engine API, ImageGetAll and ImageLoad. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { stream } from './request.ts'
import type { EngineSession } from './session.ts'

/** Long, because the classic store first writes the whole archive to a temporary file, and then sends it (8 s per GB). */
const saveTimeoutMs = 600_000
const loadTimeoutMs = 3_600_000
const maxOutputCharacters = 100_000

/**
 * Streams an archive of the images. The archive has a tag only if the image is given by the tag, not by id. Timeout for
 * the first byte: 10 min.
 */
export function saveImages(
  session: EngineSession,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  return stream(session, { path: `/images/get?${query}&`, timeoutMs: saveTimeoutMs, signal })
}

/**
 * Loads an archive.
 * @returns the last 100,000 characters of the engine's output, one JSON value per line. If the load fails, one of these
 * lines has the error; no exception is thrown. Timeout: 1 h.
 */
export async function loadImages(session: EngineSession, archive: Readable): Promise<string> {
  const query = { quiet: true }
  const request = { method: 'POST', path: '/images/load', query, file: archive, timeoutMs: loadTimeoutMs } as const
  let output = ''
  for await (const chunk of await stream(session, request))
    output = (output + String(chunk)).slice(-maxOutputCharacters)
  return output
}
