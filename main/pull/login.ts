/** When an engine is handed a login, and when not. */
import { registryOf } from '../../model/image/provenance.ts'
import { hub } from '../../model/image/reference.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { readMirrors, type AuthConfig } from '../engine/index.ts'
import type { CredentialStore } from '../registry/index.ts'
import { pullImage, type Pulled, type Puller, type PullWish } from './pull.ts'

export type CredentialsFor = (reference: string) => Promise<AuthConfig | undefined>

/** What Docker's own store keeps for an image's registry, as the engine takes it. */
export const storedLogins =
  (credentials: CredentialStore): CredentialsFor =>
  async (reference) => {
    const registry = registryOf(reference)
    const stored = await credentials(registry)
    if (!stored) return undefined
    // Docker Hub's name in stores and engines is as old as its first API.
    const serveraddress = registry === hub ? 'https://index.docker.io/v1/' : registry
    return stored.kind === 'identity'
      ? { identitytoken: stored.token, serveraddress }
      : { username: stored.username, password: stored.password, serveraddress }
  }

/** What a registry answers to those whom it does not know; `reference-unknown` is also how it keeps a secret. */
const mayWantLogin = (failure: Failure) =>
  ['registry-login', 'registry-denied', 'reference-unknown'].includes(failure.code)

/**
 * Pulls with the login that Docker has stored. Docker Hub gets it from the start, because it limits pulls without one;
 * any other registry only after it has refused.
 */
export async function pullWithLogin(puller: Puller, wish: PullWish, credentialsFor: CredentialsFor): Promise<Pulled> {
  if (wish.host === hub) return await pullFromHub(puller, wish, credentialsFor)
  const pulled = await pullImage(puller, wish)
  if (!('failure' in pulled) || !mayWantLogin(pulled.failure)) return pulled
  const login = await credentialsFor(wish.reference)
  if (!login) return pulled
  puller.cancelled.throwIfAborted()
  return await pullImage(puller, wish, login)
}

async function pullFromHub(puller: Puller, wish: PullWish, credentialsFor: CredentialsFor): Promise<Pulled> {
  const login = await credentialsFor(wish.reference)
  puller.cancelled.throwIfAborted()
  if (!login) return await pullImage(puller, wish)
  // The classic store would hand a Docker Hub login to any mirror that asks for one (moby#42022).
  if (puller.session.capabilities.store === 'classic' && (await hasMirrors(puller)))
    return withLoginUnused(await pullImage(puller, wish))
  const pulled = await pullImage(puller, wish, login)
  if (!('failure' in pulled) || pulled.failure.code !== 'registry-login') return pulled
  // A password that has been changed since does not matter for public images.
  const anonymous = await pullImage(puller, wish)
  return 'failure' in anonymous ? pulled : anonymous
}

function withLoginUnused(pulled: Pulled): Pulled {
  if (!('failure' in pulled)) return pulled
  const { failure } = pulled
  if (failure.code === 'registry-limited') return { failure: { ...failure, loginUnused: true } }
  return mayWantLogin(failure) ? { failure: { code: 'registry-login', host: hub } } : pulled
}

/** If it cannot be told, one has to be reckoned with. */
async function hasMirrors({ session, cancelled }: Puller): Promise<boolean> {
  const mirrors = await readMirrors(session, cancelled).catch(() => undefined)
  return mirrors === undefined || mirrors.length > 0
}
