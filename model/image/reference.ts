/**
 * Names of images as Docker reads them. Source: distribution/reference, regexp.go and normalize.go.
 */

/** The name of one image. */
export interface ImageName {
  /** The familiar form: without `docker.io/` and `library/`. */
  readonly repository: string
  /** `latest` if none is written. */
  readonly tag: string
  readonly digest?: string
  /** What a registry finds the manifest by: the digest, or the tag if there is no digest. */
  readonly version: string
  /** In its familiar form, with its digest or tag. */
  readonly reference: string
}

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const word = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const path = new RegExp(`^${word}(?:/${word})*$`)
const tagged = /^[\w][\w.-]{0,127}$/
const longestName = 255

/** @returns undefined if Docker would refuse the name. A tag beside a digest is ignored, as Docker does. */
export function parseReference(text: string): ImageName | undefined {
  const [name = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest))) return undefined
  const colon = name.lastIndexOf(':')
  const hasTag = colon > name.lastIndexOf('/')
  const tag = hasTag ? name.slice(colon + 1) : 'latest'
  const repository = familiar(hasTag ? name.slice(0, colon) : name)
  if (repository === undefined || !tagged.test(tag)) return undefined
  return digest === undefined
    ? { repository, tag, version: tag, reference: `${repository}:${tag}` }
    : { repository, tag, digest, version: digest, reference: `${repository}@${digest}` }
}

/** @returns undefined if Docker would refuse the name, or if it has a digest: only a tag can be given to an image. */
export function parseTag(text: string): ImageName | undefined {
  const name = parseReference(text)
  return name?.digest === undefined ? name : undefined
}

function familiar(name: string): string | undefined {
  // It could be taken for an image's id.
  if (/^[a-f0-9]{64}$/.test(name)) return undefined
  const { host, rest } = splitHost(name)
  if (!domain.test(host) || !path.test(rest) || `${host}/${rest}`.length > longestName) return undefined
  if (host !== hub) return `${host}/${rest}`
  const official = /^library\/([^/]+)$/.exec(rest)?.[1]
  // `sha256:…` names an image by its digest, so no engine takes it as a repository.
  if (official === 'sha256') return undefined
  // The short form of `docker.io/a.b/c` would name another registry.
  return splitHost(official ?? rest).host === hub ? (official ?? rest) : undefined
}

/** The name that Docker Hub goes by in references. */
export const hub = 'docker.io'

/** What people call a registry. */
export const registryTitle = (registry: string): string => (registry === hub ? 'Docker Hub' : registry)

/** A name's registry, and its whole path there: the first part is a host where it looks like one, all else Docker Hub's. */
export function splitHost(name: string): { readonly host: string; readonly rest: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const host = !isHost || first === 'index.docker.io' ? hub : first
  const rest = isHost ? name.slice(slash + 1) : name
  return { host, rest: host === hub && !rest.includes('/') ? `library/${rest}` : rest }
}
