/**
 * Names of images as Docker reads them. Source: distribution/reference, regexp.go and normalize.go.
 */

export interface ParsedReference {
  /** The familiar form: without `docker.io/` and `library/`. */
  readonly repository: string
  readonly tag: string
}

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const word = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const path = new RegExp(`^${word}(?:/${word})*$`)
const tagged = /^[\w][\w.-]{0,127}$/
const longestName = 255

/**
 * What a text that the user typed names, as `repository` and `tag`; undefined where Docker would refuse it as the
 * name of a tag. Without a tag it is `latest`; a digest names no tag.
 */
export function parseReference(text: string): ParsedReference | undefined {
  const colon = text.lastIndexOf(':')
  const hasTag = colon > text.lastIndexOf('/')
  const tag = hasTag ? text.slice(colon + 1) : 'latest'
  const repository = familiar(hasTag ? text.slice(0, colon) : text)
  return repository !== undefined && tagged.test(tag) ? { repository, tag } : undefined
}

/** One image by its whole name. */
export interface NamedImage {
  readonly repository: string
  /** In its familiar form, with its tag or digest. */
  readonly reference: string
}

/**
 * What a text names: a tag (`latest` where none is written) or a digest, beside which a tag says nothing more, as for
 * Docker itself. Undefined where Docker would refuse it.
 */
export function parseWholeReference(text: string): NamedImage | undefined {
  const [name = '', digest, ...more] = text.split('@')
  const parsed = parseReference(name)
  if (!parsed || more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest))) return undefined
  const { repository, tag } = parsed
  return { repository, reference: digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}` }
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
