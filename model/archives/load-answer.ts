/** What an engine's answer to `POST /images/load` comes to. The status is 200 whether or not the load succeeds. */

/**
 * The engine's own words if the image was not loaded; undefined if it was. Source: tried on 20.10, 26.1 and 28.5. 28.5's
 * containerd store reports a missing layer as "Error unpacking" after "Loaded image", without an `error`.
 */
export function loadError(answer: string): string | undefined {
  const lines = answer.split('\n').filter((line) => line.trim() !== '')
  const failed = lines.find((line) => line.includes('"error"') || line.includes('Error unpacking'))
  if (failed !== undefined) return sentence(failed)
  if (lines.some((line) => line.includes('Loaded image'))) return undefined
  return sentence(lines.at(-1) ?? '')
}

/**
 * The engine's words at the end of an archive that an error broke off: the containerd store writes them as JSON where the
 * rest of the archive should be, and the status stays 200.
 */
export function saveError(end: string): string | undefined {
  const at = end.lastIndexOf('{"errorDetail"')
  return at < 0 ? undefined : sentence(end.slice(at).trim())
}

function sentence(line: string): string {
  const { error, stream, message } = parsed(line)
  const text = [error, message, stream].find((value) => typeof value === 'string')
  return (typeof text === 'string' ? text : line).trim().slice(0, 500)
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
