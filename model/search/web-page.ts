/** Reads the image out of the address of its web page on Docker Hub, GitHub, Quay, Microsoft or Amazon. */
import { parseReference } from '../image/reference.ts'

/** What an address is: an image's page, a search on Docker Hub, or another page (`page`). */
export type WebPage = { readonly image: string } | { readonly words: string } | { readonly page: 'other' }

/** Registries whose addresses without a tag are image names, too. */
const registries =
  /^(?:docker\.io|ghcr\.io|quay\.io|(?:[a-z]+\.)?gcr\.io|mcr\.microsoft\.com|public\.ecr\.aws|registry\.k8s\.io|nvcr\.io|lscr\.io)$/

/** @returns undefined if the text is not a web address. A host without a scheme is an address only if it has pages. */
export function readWebPage(text: string): WebPage | undefined {
  const [, scheme, address = ''] = /^(https?:\/\/)?(?:www\.)?(\S+)$/i.exec(text) ?? []
  const [path = '', query = ''] = address.split('#')[0]!.split('?')
  const [host = '', ...parts] = path
    .replaceAll(/%2f/gi, '/')
    .split('/')
    .filter((part, index) => index === 0 || part !== '')
  const page = readKnownPage(host.toLowerCase(), parts, query)
  if (page) return page
  if (scheme === undefined)
    return host.toLowerCase() === 'hub.docker.com' && parts.length > 0 ? { page: 'other' } : undefined
  // Some people write a scheme before an image name: `https://ghcr.io/owner/name:1`.
  const name = [host, ...parts].join('/')
  const isName = parts.length > 0 && (registries.test(host.toLowerCase()) || /[:@]/.test(parts.at(-1)!))
  return isName && parseReference(name) ? { image: name } : { page: 'other' }
}

function readKnownPage(host: string, parts: readonly string[], query: string): WebPage | undefined {
  const [first, second, third, fourth, fifth] = parts
  switch (host) {
    case 'hub.docker.com':
    case 'registry.hub.docker.com':
      if (first === '_' && second) return { image: second }
      if (first === 'r' && second && third) return { image: second === '_' ? third : `${second}/${third}` }
      if (first === 'layers' && second && third) return { image: withTag(`${second}/${third}`, fourth) }
      if (first === 'repository' && second === 'docker' && third && fourth) return { image: `${third}/${fourth}` }
      if (first === 'search') return wordsOf(parameter(query, 'q'))
      return undefined
    case 'quay.io':
      if (first !== 'repository' || !second || !third) return undefined
      if (fourth === 'manifest' && fifth) return { image: `quay.io/${second}/${third}@${fifth}` }
      return { image: withTag(`quay.io/${second}/${third}`, fourth === 'tag' ? fifth : undefined) }
    case 'github.com':
      return readGitHubPackage(parts, query)
    case 'mcr.microsoft.com': {
      const [, name] =
        /^(?:[a-z]{2}-[a-z]{2}\/)?(?:product|artifact\/mar)\/(.+)\/(?:about|tags)$/.exec(parts.join('/')) ?? []
      return name === undefined ? undefined : { image: `mcr.microsoft.com/${name}` }
    }
    case 'gallery.ecr.aws':
      return first && second ? { image: `public.ecr.aws/${parts.join('/')}` } : undefined
    default:
      return undefined
  }
}

/** `OWNER/REPO/pkgs/container/NAME`, `orgs/OWNER/packages/container/NAME`; a version's page adds `/ID?tag=TAG`. */
function readGitHubPackage(parts: readonly string[], query: string): WebPage | undefined {
  const path = parts.join('/')
  const [, owner, name] =
    /^([^/]+)\/[^/]+\/pkgs\/container\/(.+?)(?:\/\d+|\/versions)?$/.exec(path) ??
    /^(?:orgs|users)\/([^/]+)\/packages\/container\/(?:package\/)?(.+?)(?:\/\d+|\/versions)?$/.exec(path) ??
    []
  if (owner === undefined || name === undefined) return undefined
  return { image: withTag(`ghcr.io/${owner}/${name}`.toLowerCase(), parameter(query, 'tag')) }
}

const withTag = (name: string, tag: string | undefined): string => (tag ? `${name}:${tag}` : name)

const wordsOf = (words: string | undefined): WebPage | undefined => (words ? { words } : undefined)

/** @returns a parameter of an address's query, decoded; undefined if there is none or it is malformed */
function parameter(query: string, name: string): string | undefined {
  const pair = query.split('&').find((part) => part.startsWith(`${name}=`))
  try {
    return pair && decodeURIComponent(pair.slice(name.length + 1).replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
