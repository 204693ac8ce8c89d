/**
 * Reads a message of an engine about a registry. The message is mixed with names that users chose, so `text` has every
 * name, address and path replaced: a tag such as `v1-503` or `denied` is no evidence.
 */
import { hub } from '../image/reference.ts'

export interface EngineMessage {
  /** The engine's own words, for display: without query strings and logins. At most 500 characters. */
  readonly detail: string
  /** The words in which to look for the reason. */
  readonly text: string
  /** Who gave the answer, or should have. */
  readonly speaker: Speaker
  /** The host of the reference's registry: `docker.io` even if a mirror answered. */
  readonly registry: string
}

export interface Speaker {
  /** `docker.io` for Docker Hub; otherwise the host, possibly with a port. */
  readonly host: string
  /** Whether the host answered in the place of the reference's registry. */
  readonly mirror: boolean
}

/** What an engine says of its own disk, in any operation that writes layers (read in its source, and seen). */
export const storeFaults = {
  // ENOSPC and EDQUOT of write(2).
  diskFull: /no space left on device|disk quota exceeded/,
  // moby pkg/archive and idtools; containers/storage.
  idsMissing:
    /insufficient UIDs or GIDs available in user namespace|number of subordinate IDs|cannot be mapped to a host ID|lchown PATH: invalid argument/,
} as const

const maxDetailLength = 500
/** A web page in an error is long, but says what it is about near its start. */
const maxTextLength = 4_000

/** @param registry the host of the reference's registry: `docker.io` even if a mirror answered */
export function readEngineMessage(message: string, registry: string): EngineMessage {
  // docker-modem puts the status before the engine's message.
  const words = message
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .slice(0, maxTextLength)
    .trim()
  return {
    detail: words
      .replace(/\/\/[^/\s"@]*@/g, '//')
      .replace(/\?[^\s"]*/g, '')
      .slice(0, maxDetailLength),
    text: withoutNames(words),
    speaker: speakerOf(words, registry),
    registry,
  }
}

/** The operations of Go's os.PathError that the stores use. */
const pathError =
  /\b(open|openat|write|read|mkdir|mkdirat|link|symlink|rename|renameat|unlinkat|remove|chmod|lchown|chown|lsetxattr|setxattr|mknod|utimes|utimensat|stat|lstat|mount|copy_file_range|fsync|sync) (?:\/|[a-z0-9_.-]+\/).*: ([^:]+)$/s

/** A word that is a name, an address or a path. Words of Go and media types stay; references have no `+`. */
const isName = (word: string) => /[/:@]/.test(word) && !/^(?:i\/o|application\/[\w.-]+\+\w+)$/.test(word)

const withoutNames = (words: string): string =>
  words
    // The class of an error, added by containerd.
    .replace(/: (?:unknown|failed precondition)$/, '')
    .replace(pathError, '$1 PATH: $2')
    .replace(/https?:\/\/[^\s"<>]*[^\s"<>:,.)]/g, 'URL')
    .replace(/\blookup [^\s:]+(?: on \S+?(?=: ))?/g, 'lookup NAME')
    .replace(/\baccess denied for \S+(?=, )|\brepository \S+(?= not found)/g, (slot) => slot.replace(/\S+$/, 'NAME'))
    .replace(/[^\s"'<>()]+/g, (token) => {
      const [, word = '', end = ''] = /^(.*?)([:,.;]*)$/s.exec(token) ?? []
      return isName(word) ? `NAME${end}` : token
    })

/** @see net/http, url.Error (`Get "URL": …`); containerd remotes/docker, `unexpected status from HEAD request to URL: …` */
const requestPattern =
  /(?:\b(?:get|head|post) "?|request to |status code )https?:\/\/([^\s"/?]+)([^\s"?]*)(\?[^\s"]*)?/gi

function speakerOf(words: string, registry: string): Speaker {
  const [, address, path = '', query = ''] = [...words.matchAll(requestPattern)].at(-1) ?? []
  // A proxy that cannot be looked up is not the one that should have answered.
  const lookedUp = /\b(?:proxyconnect|socks connect)\b/.test(words) ? undefined : /\blookup ([^\s:]+)/.exec(words)?.[1]
  const isOther = lookedUp !== undefined && lookedUp !== address?.replace(/:\d+$/, '')
  const host = hostName((isOther ? lookedUp : address) ?? registry) ?? registry
  if (isOther || address === undefined || host === hostName(registry)) return { host, mirror: false }
  // containerd adds `ns` to requests to a host that is not the reference's own.
  const isNamespaced = /[?&]ns=/.test(query)
  const isRegistryPath = /\/v2\/(?:$|:$|.*\/(?:manifests|blobs)\/)/.test(path) && !path.includes('/docker/registry/v2/')
  const isTokenRequest = /[?&]scope=repository/.test(query)
  return { host, mirror: isNamespaced || (registry === hub && (isRegistryPath || isTokenRequest)) }
}

/** Docker Hub has several hosts, but users know it by one name. @returns undefined if the address is no valid host */
function hostName(address: string): string | undefined {
  const host = address.replace(/^[^@]*@/, '').replace(/[:,.]+$/, '')
  if (!/^(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/i.test(host)) return undefined
  return /(?:^|\.)docker\.(?:io|com)(?::443)?$/i.test(host) ? hub : host
}
