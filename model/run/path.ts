/** Absolute paths, on the host and in containers. */

/** @returns the path without `.`, `..` and repeated slashes, as the engine compares paths */
export function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
