/** How a mirror behaves. `{}` is a well-behaved mirror. Most of the fields can be combined. */
export interface MirrorBehaviour {
  /** Why a client cannot send even its first request. */
  readonly connecting?:
    | 'no-such-host'
    /** Nothing listens at the mirror's address. */
    | 'refused'
    /** Packets to the mirror's address are dropped, as a firewall does. */
    | 'unanswered'
    /** The mirror accepts connections and never sends a byte. */
    | 'silent'
    /** The mirror sends bytes that are not TLS. */
    | 'garbage'
  /** The answer to an AAAA query: an unreachable IPv6 address besides the IPv4 address, or no answer at all. */
  readonly ipv6?: 'unreachable' | 'unanswered'
  readonly certificate?: 'self-signed' | 'expired' | 'not-yet-valid' | 'other-name'

  /** How late each response starts. */
  readonly firstByteDelayMs?: number
  /** Limit per connection. */
  readonly bytesPerSecond?: number
  /** Each connection is cut after this many bytes of response bodies. */
  readonly cutsAfterBytes?: number
  /** Responses of this kind are sent at one byte per second. */
  readonly drips?: 'manifest' | 'blob'
  /** Where the mirror stops sending: before the headers of a response, or halfway through its body. */
  readonly hangs?: 'ping' | 'token' | 'manifest' | 'manifest-body' | 'blob' | 'blob-body'

  /**
   * The mirror requires a token from its own token endpoint. The endpoint gives a valid token to anyone, responds with
   * 401 (`nobody`) or 403 (`forbidden`), or gives a token that the mirror does not accept.
   */
  readonly login?: 'anyone' | 'nobody' | 'forbidden' | 'useless-token'
  /** The repositories that the mirror serves, such as `library/nginx`. Requests for all others get DENIED. */
  readonly allows?: readonly string[]
  /**
   * Responds with 429 to every request for a repository: with `Retry-After` in seconds, with `X-Retry-After` as a time,
   * or with neither.
   */
  readonly throttles?: { readonly retryAfter: number } | { readonly xRetryAfter: Date } | 'without-header'
  /** What the mirror answers instead of the requested content. A number is the status of every response. */
  readonly answers?:
    | 'html'
    /** HTML if the user agent looks like a browser's, otherwise the requested content. */
    | 'html-to-browsers'
    /** 200 with plausible made-up content, for any tag or digest. */
    | 'anything'
    /** The same made-up 200 to HEAD requests only; other requests get the requested content. */
    | 'any-head'
    | 'manifest-unknown'
    | 'name-unknown'
    | 'redirects'
    | number

  /**
   * `tag`: serves another image under each tag. `manifest`, `blob`: serves other bytes under a digest.
   * `digest`: sends the digest of other content in the `Docker-Content-Digest` header of manifests.
   */
  readonly lies?: 'tag' | 'manifest' | 'blob' | 'digest'
  /** Redirects blob requests to the mirror's second host, with a token in the URL. */
  readonly redirectsBlobs?: boolean
  /** Sends the whole blob even if a range was requested. */
  readonly ignoresRange?: boolean
  /** Lists no tags for any repository. */
  readonly hidesTags?: boolean
}

/** What kind of resource a request is for. */
export type Resource = 'ping' | 'token' | 'manifest' | 'blob' | 'tags' | 'other'

export interface RegistryTarget {
  readonly resource: Resource
  /** Empty unless the resource belongs to a repository. */
  readonly repository: string
  /** The tag or digest. */
  readonly reference: string
}

/** Parses a path of the registry API. */
export function parseTarget(path: string): RegistryTarget {
  const [, repository = '', collection, reference = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? []
  const resources = { manifests: 'manifest', blobs: 'blob', tags: 'tags' } as const
  const otherResource = path === '/token' ? 'token' : /^\/v2\/?$/.test(path) ? 'ping' : 'other'
  return {
    resource: collection ? resources[collection as keyof typeof resources] : otherResource,
    repository,
    reference,
  }
}
