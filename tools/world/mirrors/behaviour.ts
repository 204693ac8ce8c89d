/** How a mirror behaves. Without anything it behaves well; most of what is here can be had together. */
export interface MirrorBehaviour {
  /** What keeps a client from the first request. */
  readonly connecting?:
    | 'no-such-host'
    /** Nothing listens at its address. */
    | 'refused'
    /** Its address answers nothing at all, as a blocked one. */
    | 'unanswered'
    /** Takes connections and never says a word. */
    | 'silent'
    /** Says what is no TLS. */
    | 'garbage'
  /** Beside its IPv4 address: one of IPv6 that leads nowhere, or no answer to whether there is one. */
  readonly ipv6?: 'nowhere' | 'unsaid'
  readonly certificate?: 'self-signed' | 'expired' | 'not-yet-valid' | 'other-name'

  /** Each answer begins so many milliseconds late. */
  readonly firstByteAfter?: number
  /** Of each connection. */
  readonly bytesPerSecond?: number
  /** Each connection is cut after so many bytes of bodies. */
  readonly cutsAfter?: number
  /** A byte a second. */
  readonly drips?: 'manifest' | 'blob'
  /** Says nothing more from there on: before the headers, or in the middle of a body. */
  readonly hangs?: 'ping' | 'token' | 'manifest' | 'manifest-body' | 'blob' | 'blob-body'

  /** Asks for a token of its own realm, which gives one to anyone, answers 401 or 403, or gives what is worth nothing. */
  readonly login?: 'anyone' | 'nobody' | 'forbidden' | 'in-vain'
  /** The repositories that it serves, as `library/nginx`; all else is DENIED. */
  readonly allows?: readonly string[]
  /** 429: with `Retry-After` in seconds, or `X-Retry-After` as a time. */
  readonly throttles?: { readonly retryAfter: number } | { readonly xRetryAfter: Date } | 'without-a-word'
  /** In place of what was asked for. A number is a status for everything. */
  readonly answers?:
    | 'html'
    /** HTML to user agents like a browser's, the truth to others. */
    | 'html-to-browsers'
    /** 200 and something likely, whatever the tag or digest. */
    | 'anything'
    /** The same to each HEAD, the truth to whoever wants to see. */
    | 'any-head'
    | 'manifest-unknown'
    | 'name-unknown'
    | 'redirects'
    | number

  /** `tag`: another image under each tag. `manifest`, `blob`: other bytes under a digest. `digest`: a false header. */
  readonly lies?: 'tag' | 'manifest' | 'blob' | 'digest'
  /** Blobs are at another host of its own, with a token in the address. */
  readonly blobsElsewhere?: boolean
  /** Sends all of a blob whatever range was asked for. */
  readonly ignoresRange?: boolean
  /** Its lists of tags are empty. */
  readonly hidesTags?: boolean
}

/** What a request is about. */
export type Part = 'ping' | 'token' | 'manifest' | 'blob' | 'tags' | 'other'

export interface Place {
  readonly part: Part
  readonly repository: string
  /** The tag or digest. */
  readonly which: string
}

/** Where a path of a registry's API leads. */
export function placeOf(path: string): Place {
  const [, repository = '', what, which = ''] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? []
  const known = { manifests: 'manifest', blobs: 'blob', tags: 'tags' } as const
  const alone = path === '/token' ? 'token' : /^\/v2\/?$/.test(path) ? 'ping' : 'other'
  return { part: what ? known[what as keyof typeof known] : alone, repository, which }
}
