/**
 * Finds errors in the response bodies of `POST /images/load` and `GET /images/get`. The status of the responses is 200
 * even on failure.
 */

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
