/** Failures of a registry, a search or a pull. */

/** `host` is the name that users know: `docker.io`, `ghcr.io`. */
export type RegistryFailure =
  /**
   * `reason`: unknown host name, no network, connection refused, connection lost; absent if unknown. `downloading`: the
   * engine was downloading layers, and may have kept some.
   */
  | {
      readonly code: 'registry-unreachable'
      readonly host: string
      readonly detail: string
      readonly reason?: 'no-host' | 'no-network' | 'refused' | 'cut'
      readonly downloading?: true
    }
  /**
   * The proxy on the way to the registry does not work. `proxy`: its `host:port`. `reason`: connection refused, unknown
   * host name, or a missing or wrong login; absent for anything else.
   */
  | {
      readonly code: 'registry-proxy'
      readonly host: string
      readonly proxy: string
      readonly detail: string
      readonly reason?: 'refused' | 'no-host' | 'login'
    }
  /**
   * Docker cannot reach the registry. Slipway can, through a proxy that Docker does not use. `proxy`: its `host:port`.
   * `remedy`: how to make Docker use it.
   */
  | {
      readonly code: 'docker-proxy-missing'
      readonly host: string
      readonly proxy: string
      readonly remedy:
        | { readonly kind: 'desktop' | 'unknown' }
        /** `needsLogin`: the commands have `USER:PASSWORD` in place of the proxy's login. */
        | { readonly kind: 'commands'; readonly commands: string; readonly needsLogin?: true }
    }
  /** The registry accepted the connection but did not answer in time. */
  | { readonly code: 'registry-slow'; readonly host: string }
  /**
   * The registry's certificate is not trusted. `reason`: expired or not yet valid (this computer's clock may be wrong), or
   * issued by nobody whom this computer trusts. `client-certificate`: the registry asks for one.
   */
  | {
      readonly code: 'registry-tls'
      readonly host: string
      readonly detail: string
      readonly reason?: 'expired' | 'not-yet-valid' | 'unknown-authority' | 'client-certificate'
    }
  /**
   * `helper`, also below: why the stored login, which may be what is missing, could not be read. `reason`: the stored
   * login was not sent, because the registry is reached over plain HTTP, or its certificate is not verified.
   */
  | {
      readonly code: 'registry-login'
      readonly host: string
      readonly helper?: HelperFailure
      readonly reason?: 'unencrypted' | 'unverified'
    }
  /** The registry asks for a login at another host, and the user has not allowed yet to send the stored login there. */
  | { readonly code: 'registry-realm'; readonly host: string; readonly realm: string }
  /** The registry denies access: an allow list, a region, a ban. `mirror`: a mirror answered in the registry's place. */
  | {
      readonly code: 'registry-denied'
      readonly host: string
      readonly mirror?: true
      readonly helper?: HelperFailure
    }
  /** The registry serves nobody in this country, or at this address. */
  | { readonly code: 'registry-region'; readonly host: string }
  /**
   * Too many requests. `until`: seconds since 1970, if the registry reports it. `anonymous`: the limit for pulls without
   * a login. `mirror`: a mirror refused. `loginUnused`: the stored login was not used, because the engine would send it
   * to mirrors.
   */
  | {
      readonly code: 'registry-limited'
      readonly host: string
      readonly until?: number
      readonly anonymous?: true
      readonly mirror?: true
      readonly loginUnused?: true
      readonly helper?: HelperFailure
    }
  /**
   * The registry speaks without encryption. `proxy`: or a proxy in between does. `mirror`: the host is a mirror. `reload`:
   * the command that has Docker read its configuration again.
   */
  | {
      readonly code: 'registry-plain'
      readonly host: string
      readonly mirror?: true
      readonly proxy?: true
      readonly reload?: string
    }
  /**
   * The proxy of the engine failed. `host`: whom the engine wanted to reach; `proxy`: the proxy's address, if the engine
   * names it. `reason`: the proxy is unreachable, wants a login, refuses, or speaks without encryption.
   */
  | {
      readonly code: 'engine-proxy'
      readonly host: string
      readonly proxy?: string
      readonly reason: 'unreachable' | 'login' | 'refused' | 'plain'
      readonly detail: string
    }
  /** The answer is not that of a registry: truncated or invalid JSON, or a web page (`page`). */
  | { readonly code: 'registry-invalid-reply'; readonly host: string; readonly page?: true }
  | { readonly code: 'registry-error'; readonly host: string; readonly status: number }
  /** A redirect loop, or a redirect from https to http. */
  | { readonly code: 'registry-redirects'; readonly host: string }
  /**
   * A host leads to one that is closer: from the internet into a private network, or from there to this computer.
   * `address`: the IP address of the target, if that is a name.
   */
  | { readonly code: 'registry-address'; readonly host: string; readonly target: string; readonly address?: string }
  /** The content does not have the requested digest. */
  | { readonly code: 'content-altered'; readonly host: string }
  /** The mirror claims to have a digest that cannot exist. */
  | { readonly code: 'mirror-accepts-unknown-digest'; readonly host: string }
  | { readonly code: 'reference-invalid'; readonly reference: string }
  /** The registry has no such repository or tag, or shows it only after a login. */
  | { readonly code: 'reference-unknown'; readonly reference: string; readonly helper?: HelperFailure }
  /** `platforms`: those that the registry has, if known. */
  | {
      readonly code: 'platform-missing'
      readonly reference: string
      readonly platform: string
      readonly platforms?: readonly string[]
    }
  /** The image is for another operating system: `windows` on a Linux engine. */
  | { readonly code: 'image-system'; readonly reference: string; readonly system: string }
  /** The image has a format that engines no longer read: manifest schema 1. */
  | { readonly code: 'image-format-old'; readonly reference: string }
  /** The content does not match its digest. */
  | { readonly code: 'pull-corrupt'; readonly reference: string }
  /** A rootless engine, or one with userns-remap, has fewer user or group ids than the image uses. */
  | { readonly code: 'engine-ids-missing'; readonly reference: string }
  /** Also when a container is created. */
  | { readonly code: 'pull-disk-full' }
  /** The pull was not started: it needs about `needed` bytes, and the engine's disk has `free` bytes free. */
  | { readonly code: 'pull-no-space'; readonly reference: string; readonly needed: number; readonly free: number }

/** The program in which Docker stores logins gave no answer. */
export interface HelperFailure {
  /** `docker-credential-pass` */
  readonly name: string
  /** Not installed, ended with an error, or did not answer in time. */
  readonly problem: 'missing' | 'failed' | 'slow'
  /** The program's own sentence; empty if it said nothing. Untrusted text. */
  readonly message: string
}
