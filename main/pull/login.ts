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

/** Public images are pulled without a login; only a refusal brings the stored one into play, once. */
export async function pullWithLogin(puller: Puller, wish: PullWish, credentialsFor: CredentialsFor): Promise<Pulled> {
  const pulled = await pullImage(puller, wish)
  if (!('failure' in pulled) || !mayWantLogin(pulled.failure)) return pulled
  const login = await credentialsFor(wish.reference)
  if (!login) return pulled
  puller.cancelled.throwIfAborted()
  // The classic store would hand a Docker Hub login to any mirror that asks for one (moby#42022).
  if (wish.host === 'docker.io' && puller.session.capabilities.store === 'classic' && (await hasMirrors(puller)))
    return { failure: { code: 'registry-login', host: wish.host } }
  return await pullImage(puller, wish, login)
}

/** If it cannot be told, one has to be reckoned with. */
async function hasMirrors({ session, cancelled }: Puller): Promise<boolean> {
  const mirrors = await readMirrors(session, cancelled).catch(() => undefined)
  return mirrors === undefined || mirrors.length > 0
}
