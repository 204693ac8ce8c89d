/**
 * Finds errors in the response bodies of `POST /images/load` and `GET /images/get`. The status of the responses is 200
 * even on failure.
 */
import { hub } from '../image/reference.ts'
import { readEngineMessage, storeFaults } from '../pull/engine-message.ts'

/**
 * If a layer is missing, the containerd store of 28.5 writes "Error unpacking" after "Loaded image", and no `error`
 * field. Tested on 20.10, 26.1 and 28.5.
 * @returns the engine's message if the image was not loaded; undefined if it was
 */
export function loadError(body: string): string | undefined {
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  const errorLine = lines.find((line) => line.includes('"error"') || line.includes('Error unpacking'))
  if (errorLine !== undefined) return messageOf(errorLine)
  if (lines.some((line) => line.includes('Loaded image'))) return undefined
  return messageOf(lines.at(-1) ?? '')
}

/**
 * If a save fails, the containerd store writes the error as JSON instead of the rest of the archive.
 * @param end the last bytes of the archive
 * @returns the engine's message; undefined if there is none
 */
export function saveError(end: string): string | undefined {
  const start = end.lastIndexOf('{"errorDetail"')
  return start < 0 ? undefined : messageOf(end.slice(start).trim())
}

/** Why an engine could not save or load an image. `damaged`: its store lacks a part of the image. */
export type ArchiveFault = 'disk-full' | 'ids-missing' | 'damaged'

/** @returns undefined if the message does not tell; all messages were seen on 26.1 and 28.5, those of a full disk read */
export function archiveFault(message: string): ArchiveFault | undefined {
  const { text } = readEngineMessage(message, hub)
  if (storeFaults.diskFull.test(text)) return 'disk-full'
  if (storeFaults.idsMissing.test(text)) return 'ids-missing'
  const damaged =
    /file integrity checksum failed|blob not found|(?:content|blob) (?:digest )?NAME:? not found|unexpected digest NAME copied/
  return damaged.test(text) ? 'damaged' : undefined
}

function messageOf(line: string): string {
  const { error, stream, message } = parseObject(line)
  const text = [error, message, stream].find((value) => typeof value === 'string')
  return (typeof text === 'string' ? text : line).trim().slice(0, 500)
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
