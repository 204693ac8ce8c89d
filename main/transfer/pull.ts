/** One pull by the engine's own means, from the first word to what came of it. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { follow, pullBegun, type PullState } from '../../model/pull.ts'
import type { EngineFailure, Failure, Result } from '../../preload/contract/index.ts'
import { engineFailure, id, statusOf, text, whileHere, type Where } from '../engine/index.ts'
import { saidLines } from './lines.ts'
import { pullFailure } from './pull-errors.ts'
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
  readonly engine: { docker(): Result<Docker, EngineFailure> }
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

/** Pulls with a login or without one. Throws only when cancelled. */
export async function pullImage(puller: Puller, wish: PullWish, login?: AuthConfig): Promise<Pulled> {
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
): Promise<Pulled> {
  const { reference, platform } = wish
  const answer = await docker.pull(reference, {
    abortSignal,
    ...(platform !== undefined && { platform }),
    ...(login && { authconfig: { key: encoded(login) } }),
  })
  let state: PullState = pullBegun
  for await (const line of saidLines(answer)) {
    const said = line.errorDetail?.message ?? line.error
    if (said !== undefined) return { failure: pullFailure(said, { ...wish, platform: platform ?? at.platform }) }
    state = follow(state, line)
    tell(state)
  }
  return await cameOf(docker, at, wish, state)
}

const inspected = v.object({ Id: id, Os: text, Architecture: text, RepoDigests: v.nullish(v.array(v.string()), []) })
const offered = v.object({ Platforms: v.array(v.object({ os: text, architecture: text })) })

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
  return (
    !found.success || found.output.Platforms.some(({ os, architecture }) => isOf(platform, `${os}/${architecture}`))
  )
}

/** With its padding: the engine's decoder wants it. */
const encoded = (login: AuthConfig) =>
  Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

/** An answer that ends before its end: Node names it in two ways. */
const brokenOff = (error: unknown) =>
  error instanceof Error && 'code' in error && ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
