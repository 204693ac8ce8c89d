/** One pull by the engine's own means, from the first word to what came of it. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { follow, pullBegun, type PullState } from '../../model/pull/progress.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { engineFailure, id, list, statusOf, text, whileHere, type Engine, type Where } from '../engine/index.ts'
import { saidLines } from './lines.ts'
import { pullFailure } from './pull-errors.ts'
import { holdName } from './put-back.ts'
import type { Target } from './target.ts'

/** A login as the engine takes it. Source: Docker Engine API, AuthConfig. */
export type AuthConfig =
  | { readonly username: string; readonly password: string; readonly serveraddress?: string }
  | { readonly identitytoken: string; readonly serveraddress?: string }

export interface PullWish extends Target {
  /** Where another than the engine's own is wished for. */
  readonly platform?: string
}

export interface Puller {
  readonly engine: Pick<Engine, 'docker' | 'live'>
  /** The engine that pulls, as it was reached when the user asked. */
  readonly docker: Docker
  readonly at: Where & { readonly platform: string }
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
  const held = await holdName(puller.engine, puller.docker, wish.reference)
  const { digest, ...pulled } = await attempt(puller, wish, login)
  if ('failure' in pulled && /^(platform-missing|registry-nonsense)$/.test(pulled.failure.code))
    await held.putBack(digest)
  return pulled
}

async function attempt(puller: Puller, wish: PullWish, login?: AuthConfig): Promise<Attempt> {
  const { engine, docker, at, cancelled } = puller
  const over = new AbortController()
  // Whatever ends the pull here also ends it there: an engine gives up a pull that nobody listens to.
  const abortSignal = AbortSignal.any([cancelled, over.signal])
  try {
    return await whileHere(engine, docker, follows(puller, wish, login, abortSignal))
  } catch (error) {
    cancelled.throwIfAborted()
    const asked = { ...wish, platform: wish.platform ?? at.platform }
    if (statusOf(error) !== undefined) return { failure: pullFailure(messageOf(error), asked) }
    return {
      failure: brokenOff(error) ? { code: 'engine-stopped', endpoint: at.endpoint } : engineFailure(error, at.endpoint),
    }
  } finally {
    over.abort()
  }
}

async function follows(
  { docker, at, tell }: Puller,
  wish: PullWish,
  login: AuthConfig | undefined,
  abortSignal: AbortSignal,
): Promise<Attempt> {
  const { reference, platform } = wish
  const answer = await docker.pull(reference, {
    abortSignal,
    ...(platform !== undefined && { platform }),
    ...(login && { authconfig: { key: encoded(login) } }),
  })
  let state: PullState = pullBegun
  for await (const line of saidLines(answer)) {
    const said = line.errorDetail?.message ?? line.error
    if (said !== undefined)
      return { failure: pullFailure(said, { ...wish, platform: platform ?? at.platform }), digest: state.digest }
    state = follow(state, line)
    tell(state)
  }
  return { ...(await cameOf(docker, at, wish, state)), digest: state.digest }
}

const inspected = v.object({ Id: id, Os: text, Architecture: text, RepoDigests: v.nullish(v.array(v.string()), []) })
const offered = v.object({
  Descriptor: v.object({ mediaType: text }),
  Platforms: list(v.object({ os: text, architecture: text })),
})

/** What is there now. Engines hand out an image of another platform where the registry has no other (tried). */
async function cameOf(docker: Docker, at: Where, wish: PullWish, { digest, news }: PullState): Promise<Pulled> {
  const { reference, platform } = wish
  const image = v.parse(inspected, await docker.getImage(reference).inspect())
  const has = `${image.Os}/${image.Architecture}`
  if (platform !== undefined && !isOf(platform, has)) {
    // The containerd store keeps several platforms under one name, and shows its own: then the registry is asked.
    const lacks = at.store === 'classic' || !(await registryHas(docker, reference, platform))
    if (lacks) return { failure: { code: 'platform-missing', reference, platform } }
  }
  return { came: { image: image.Id, news: news ?? true, ...(digest !== undefined && { digest }) } }
}

const isOf = (platform: string, has: string) => platform === has || platform.startsWith(`${has}/`)

async function registryHas(docker: Docker, reference: string, platform: string): Promise<boolean> {
  const told = await docker
    .getImage(reference)
    .distribution()
    .catch(() => undefined)
  const found = v.safeParse(offered, told)
  // Where it does not say, the engine is believed.
  if (!found.success) return true
  const { Descriptor, Platforms } = found.output
  // Of an OCI manifest that stands alone no platform is told (tried): it has the one that the engine shows.
  if (Platforms.length === 0) return !/\bmanifest\.v\d/.test(Descriptor.mediaType)
  return Platforms.some(({ os, architecture }) => isOf(platform, `${os}/${architecture}`))
}

/** With its padding: the engine's decoder wants it. */
const encoded = (login: AuthConfig) =>
  Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

/** An answer that ends before its end: Node names it in two ways. */
const brokenOff = (error: unknown) =>
  error instanceof Error && 'code' in error && ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
