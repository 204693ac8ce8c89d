/** One repository at a registry, over HTTP. Logs in as needed (`authorization`). */
import { hub } from '../../model/image/reference.ts'
import type { Referrer } from '../../model/registry/address-class.ts'
import type { RegistryFailure, Result } from '../../preload/contract/index.ts'
import { createAuthorization, type AuthorizationOptions, type Channel, type LoginFor } from './authorization.ts'
import { refusalFailure } from './failures.ts'
import type { HttpResponse, ResponseHead, StreamingResponse } from './http.ts'
import { manifestTypes } from './manifest.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>
type Headers = Readonly<Record<string, string>>

export interface RepositoryOptions extends AuthorizationOptions {
  /** Sends a request through the registry's channel, or through several in order until one works. */
  readonly reach: Reach
}

export type Reach = <Reply extends ResponseHead>(
  request: (channel: Channel) => RegistryResult<Reply>,
) => RegistryResult<Reply>

export interface RequestSpec {
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Headers
  /** Replaces the signal of the repository. */
  readonly signal?: AbortSignal
  /** The host that named the path, if a response did. */
  readonly referrer?: Referrer | undefined
}

/** Paths are below the repository, such as `manifests/1`, or absolute. Methods reject only if the signal is aborted. */
export interface Repository {
  ask(path: string, spec?: RequestSpec): RegistryResult<HttpResponse>
  /** Like `ask`, but never logs in: sends the Authorization header of the previous request. */
  askOnce(path: string, spec?: RequestSpec): RegistryResult<HttpResponse>
  /** Like `ask`, but streams the body. */
  open(path: string, spec?: RequestSpec): RegistryResult<StreamingResponse>
  /** Maps the response to a request for `reference` to a failure; undefined if its status is below 400. */
  failureOf(response: ResponseHead, reference: string): RegistryFailure | undefined
}

export const acceptManifests = { accept: manifestTypes.join(', ') }

export function openRepository(options: RepositoryOptions): Repository {
  const { http, reach, registry, path: repositoryPath, timeoutMs } = options
  const authorization = createAuthorization(options)

  const addressAt = (origin: string, path: string) =>
    path.startsWith('/') ? `${origin}${path}` : `${origin}/v2/${repositoryPath}/${path}`
  const requestOf = (
    { method = 'GET', headers, signal = options.signal, referrer }: RequestSpec,
    { unverified }: Channel,
    login: Headers,
  ) => ({
    ...{ host: registry, method, headers: { ...headers, ...login }, signal, unverified, referrer },
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const ask = (path: string, spec: RequestSpec) => (loginFor: LoginFor) =>
    reach((channel) => http.ask(addressAt(channel.origin, path), requestOf(spec, channel, loginFor(channel))))
  const open = (path: string, spec: RequestSpec) => (loginFor: LoginFor) =>
    reach((channel) => http.open(addressAt(channel.origin, path), requestOf(spec, channel, loginFor(channel))))

  return {
    ask: (path, spec = {}) => authorization.send(ask(path, spec)),
    askOnce: (path, spec = {}) => authorization.sendOnce(ask(path, spec)),
    open: (path, spec = {}) => authorization.send(open(path, spec)),
    failureOf(response, reference) {
      // Docker Hub issues a token for any repository, then answers 401 if it is private or does not exist.
      const isMissing = response.status === 404 || (response.status === 401 && registry === hub && authorization.isSent)
      if (isMissing) return authorization.explain({ code: 'reference-unknown', reference })
      return response.status >= 400 ? authorization.explain(refusalFailure(response, registry)) : undefined
    },
  }
}
