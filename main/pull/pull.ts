/** One pull by the engine's own means, from the first word to what came of it. */
import { follow, pullBegun, type PullState } from '../../model/pull/progress.ts'
import type { Failure } from '../../preload/contract/index.ts'
import {
  engineFailure,
  inspectImage,
  pullImage as pullByEngine,
  readDistribution,
  statusOf,
  type AuthConfig,
  type Engine,
  type EngineSession,
} from '../engine/index.ts'
import { saidLines } from './lines.ts'
import { pullFailure } from './pull-errors.ts'
import { holdName } from './put-back.ts'
import type { Target } from './target.ts'

export interface PullWish extends Target {
  /** Where another than the engine's own is wished for. */
  readonly platform?: string
}

export interface Puller {
  readonly imagesOf: Engine['imagesOf']
  /** The engine that pulls: the one that the window showed when the user asked. */
  readonly session: EngineSession
  readonly cancelled: AbortSignal
  /** Told the state after each line. */
  readonly tell: (state: PullState) => void
}

export interface Came {
  readonly image: string
  readonly digest?: string
  readonly news: boolean
}

export type Pulled = { readonly came: Came } | { readonly failure: Failure }
/** With what the engine says that it brought, also where that was not what was asked for. */
type Attempt = Pulled & { readonly digest?: string | undefined }

/** Pulls with a login or without one. Throws only when cancelled. */
export async function pullImage(puller: Puller, wish: PullWish, login?: AuthConfig): Promise<Pulled> {
  const held = await holdName(puller.imagesOf, puller.session, wish.reference)
  const { digest, ...pulled } = await attempt(puller, wish, login)
  if ('failure' in pulled && /^(platform-missing|registry-nonsense)$/.test(pulled.failure.code))
    await held.putBack(digest)
  return pulled
}

async function attempt(puller: Puller, wish: PullWish, login?: AuthConfig): Promise<Attempt> {
  const { session, cancelled } = puller
  const { endpoint } = session.context
  const over = new AbortController()
  // Whatever ends the pull here also ends it there: an engine gives up a pull that nobody listens to.
  const abortSignal = AbortSignal.any([cancelled, over.signal])
  try {
    return await follows(puller, wish, login, abortSignal)
  } catch (error) {
    cancelled.throwIfAborted()
    const asked = { ...wish, platform: wish.platform ?? session.capabilities.platform }
    if (statusOf(error) !== undefined) return { failure: pullFailure(messageOf(error), asked) }
    return {
      failure: session.signal.aborted ? { code: 'engine-stopped', endpoint } : engineFailure(error, endpoint),
    }
  } finally {
    over.abort()
  }
}

async function follows(
  { session, tell }: Puller,
  wish: PullWish,
  login: AuthConfig | undefined,
  abortSignal: AbortSignal,
): Promise<Attempt> {
  const { reference, platform } = wish
  const answer = await pullByEngine(session, reference, { platform, login, signal: abortSignal })
  let state: PullState = pullBegun
  for await (const line of saidLines(answer)) {
    const said = line.errorDetail?.message ?? line.error
    if (said !== undefined)
      return {
        failure: pullFailure(said, { ...wish, platform: platform ?? session.capabilities.platform }),
        digest: state.digest,
      }
    state = follow(state, line)
    tell(state)
  }
  return { ...(await cameOf(session, wish, state)), digest: state.digest }
}

/** What is there now. Engines hand out an image of another platform where the registry has no other (tried). */
async function cameOf(session: EngineSession, wish: PullWish, { digest, news }: PullState): Promise<Pulled> {
  const { reference, platform } = wish
  const image = await inspectImage(session, reference)
  if (!image) return { failure: { code: 'reference-unknown', reference } }
  const has = `${image.Os}/${image.Architecture}`
  if (platform !== undefined && !isOf(platform, has)) {
    // The containerd store keeps several platforms under one name, and shows its own: then the registry is asked.
    const lacks = session.capabilities.store === 'classic' || !(await registryHas(session, reference, platform))
    if (lacks) return { failure: { code: 'platform-missing', reference, platform } }
  }
  return { came: { image: image.Id, news: news ?? true, ...(digest !== undefined && { digest }) } }
}

const isOf = (platform: string, has: string) => platform === has || platform.startsWith(`${has}/`)

async function registryHas(session: EngineSession, reference: string, platform: string): Promise<boolean> {
  const found = await readDistribution(session, reference).catch(() => undefined)
  // Where it does not say, the engine is believed.
  if (!found) return true
  const { Descriptor, Platforms } = found
  // Of an OCI manifest that stands alone no platform is told (tried): it has the one that the engine shows.
  if (Platforms.length === 0) return !/\bmanifest\.v\d/.test(Descriptor.mediaType)
  return Platforms.some(({ os, architecture }) => isOf(platform, `${os}/${architecture}`))
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
