/** Decides when an engine gets a login for a pull. */
import { registryOf } from '../../model/image/provenance.ts'
import { hub } from '../../model/image/reference.ts'
import { readMirrors, type AuthConfig } from '../engine/index.ts'
import { mayNeedLogin, withHelper, type CredentialStore, type HelperFailed } from '../registry/index.ts'
import { pullAndCheck, type PullContext, type PullRequest, type PullResult } from './pull.ts'

/** @returns the login for an image's registry; undefined if none is stored; or why the stored one cannot be read */
export type CredentialsFor = (reference: string) => Promise<AuthConfig | HelperFailed | undefined>

/** Converts the credentials stored by the Docker CLI to the engine's format. */
export const storedLogins =
  (credentials: CredentialStore): CredentialsFor =>
  async (reference) => {
    const registry = registryOf(reference)
    const stored = await credentials(registry)
    if (!stored || stored.kind === 'helper-failed') return stored
    // Credential stores and engines identify Docker Hub by the URL of its v1 API.
    const serveraddress = registry === hub ? 'https://index.docker.io/v1/' : registry
    return stored.kind === 'identity'
      ? { identitytoken: stored.token, serveraddress }
      : { username: stored.username, password: stored.password, serveraddress }
  }

/**
 * Pulls with the login that the Docker CLI has stored. For Docker Hub the login is used at once, because anonymous
 * pulls are rate limited; for other registries only after an anonymous pull was refused.
 */
export async function pullWithLogin(
  context: PullContext,
  request: PullRequest,
  credentialsFor: CredentialsFor,
): Promise<PullResult> {
  if (request.host === hub) return await pullFromHub(context, request, credentialsFor)
  const result = await pullAndCheck(context, request)
  if (!('failure' in result) || !mayNeedLogin(result.failure)) return result
  const login = await credentialsFor(request.reference)
  context.cancelled.throwIfAborted()
  if (!login) return result
  if ('kind' in login) return { failure: withHelper(result.failure, login.failure) }
  return await pullAndCheck(context, request, login)
}

async function pullFromHub(
  context: PullContext,
  request: PullRequest,
  credentialsFor: CredentialsFor,
): Promise<PullResult> {
  const login = await credentialsFor(request.reference)
  context.cancelled.throwIfAborted()
  if (!login) return await pullAndCheck(context, request)
  if ('kind' in login) {
    const result = await pullAndCheck(context, request)
    return 'failure' in result ? { failure: withHelper(result.failure, login.failure) } : result
  }
  // The classic store would send a Docker Hub login to any mirror that requires one (moby#42022).
  if (context.session.capabilities.store === 'classic' && (await hasMirrors(context)))
    return withLoginUnused(await pullAndCheck(context, request))
  const result = await pullAndCheck(context, request, login)
  if (!('failure' in result) || result.failure.code !== 'registry-login') return result
  // The stored password may be outdated, but public images need none.
  const anonymous = await pullAndCheck(context, request)
  return 'failure' in anonymous ? result : anonymous
}

/**
 * For a pull without the stored login: adds `loginUnused` to a rate limit, and changes other failures that a login may
 * fix to `registry-login`.
 */
function withLoginUnused(result: PullResult): PullResult {
  if (!('failure' in result)) return result
  const { failure } = result
  if (failure.code === 'registry-limited')
    return { failure: failure.mirror ? failure : { ...failure, loginUnused: true } }
  return mayNeedLogin(failure) ? { failure: { code: 'registry-login', host: hub } } : result
}

/** Whether the engine uses mirrors; true if its configuration cannot be read. */
async function hasMirrors({ session, cancelled }: PullContext): Promise<boolean> {
  const mirrors = await readMirrors(session, cancelled).catch(() => undefined)
  return mirrors === undefined || mirrors.length > 0
}
