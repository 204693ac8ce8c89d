/**
 * Parses image names as Docker does.
 * @see distribution/reference, regexp.go and normalize.go
 */

/** A parsed image name. */
export interface ImageName {
  /** The familiar form: without `docker.io/` and `library/`. */
  readonly repository: string
  /** `latest` if the name has no tag. */
  readonly tag: string
  readonly digest?: string
  /** The digest or, without one, the tag: the part of a registry URL that identifies the manifest. */
  readonly version: string
  /** The familiar form with the digest or tag. */
  readonly reference: string
}

const labelSource = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domainPattern = new RegExp(`^(?:${labelSource}(?:\\.${labelSource})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const componentSource = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const pathPattern = new RegExp(`^${componentSource}(?:/${componentSource})*$`)
const tagPattern = /^[\w][\w.-]{0,127}$/
const maxNameLength = 255

/** @returns undefined if Docker would refuse the name. A tag next to a digest is ignored, as in Docker. */
export function parseReference(text: string): ImageName | undefined {
  const [name = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest))) return undefined
  const colon = name.lastIndexOf(':')
  const hasTag = colon > name.lastIndexOf('/')
  const tag = hasTag ? name.slice(colon + 1) : 'latest'
  const repository = toFamiliar(hasTag ? name.slice(0, colon) : name)
  if (repository === undefined || !tagPattern.test(tag)) return undefined
  return digest === undefined
    ? { repository, tag, version: tag, reference: `${repository}:${tag}` }
    : { repository, tag, digest, version: digest, reference: `${repository}@${digest}` }
}

/** @returns undefined if Docker would refuse the name, or if the name has a digest */
export function parseTag(text: string): ImageName | undefined {
  const name = parseReference(text)
  return name?.digest === undefined ? name : undefined
}

function toFamiliar(name: string): string | undefined {
  // Engines parse 64 hexadecimal digits as an image id, not as a name.
  if (/^[a-f0-9]{64}$/.test(name)) return undefined
  const { host, path } = splitHost(name)
  if (!domainPattern.test(host) || !pathPattern.test(path) || `${host}/${path}`.length > maxNameLength) return undefined
  if (host !== hub) return `${host}/${path}`
  const official = /^library\/([^/]+)$/.exec(path)?.[1]
  // Engines parse `sha256:…` as an image id, so `sha256` cannot be a repository.
  if (official === 'sha256') return undefined
  // `docker.io/a.b/c` has no familiar form, because engines would parse `a.b/c` as an image of the registry `a.b`.
  return splitHost(official ?? path).host === hub ? (official ?? path) : undefined
}

/** Docker Hub's host in references. */
export const hub = 'docker.io'

/** @returns the name of a registry for display */
export const registryTitle = (registry: string): string => (registry === hub ? 'Docker Hub' : registry)

/**
 * Splits a name into the registry's host and the full path. The first component is a host if it has a dot, a colon or a
 * capital letter, or is `localhost`. Any other name is on Docker Hub.
 */
export function splitHost(name: string): { readonly host: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const host = !isHost || first === 'index.docker.io' ? hub : first
  const path = isHost ? name.slice(slash + 1) : name
  return { host, path: host === hub && !path.includes('/') ? `library/${path}` : path }
}
