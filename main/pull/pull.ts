/** Pulls one image through the engine and checks the result. */
import { applyLine, initialPullState, type PullState } from '../../model/pull/progress.ts'
import { platformName } from '../../model/image/platform.ts'
import type { Failure } from '../../preload/contract/index.ts'
import {
  engineFailure,
  inspectImage,
  pullImage,
  readDistribution,
  statusOf,
  type AuthConfig,
  type Engine,
  type EngineSession,
} from '../engine/index.ts'
import { progressLines } from './progress-lines.ts'
import { pullFailure } from './engine-errors.ts'
import { rememberName } from './restore-name.ts'
import type { Target } from './target.ts'

export interface PullRequest extends Target {
  /** Set if the requested platform differs from the engine's platform. */
  readonly platform?: string
}

/** The engine to pull on, and how to cancel and follow the pull. */
export interface PullContext {
  readonly imagesOf: Engine['imagesOf']
  /** The session of the engine that was current when the user started the pull. */
  readonly session: EngineSession
  readonly cancelled: AbortSignal
  /** Called with the state after each line. */
  readonly onProgress: (state: PullState) => void
}

export interface PulledImage {
  /** The id of the image. */
  readonly image: string
  readonly digest?: string
  /** Whether the engine downloaded an image that it did not have. */
  readonly isNew: boolean
}

export type PullResult = { readonly pulled: PulledImage } | { readonly failure: Failure }
/** `digest`: the digest that the engine reported, even if the result is not the requested image. */
type Attempt = PullResult & { readonly digest?: string | undefined }

/** Pulls with or without a login. Rejects only if cancelled. */
export async function pullAndCheck(
  context: PullContext,
  request: PullRequest,
  login?: AuthConfig,
): Promise<PullResult> {
  const name = await rememberName(context.imagesOf, context.session, request.reference)
  const { digest, ...result } = await attemptPull(context, request, login)
  if ('failure' in result && /^(platform-missing|registry-invalid-reply|image-format-old)$/.test(result.failure.code))
    await name.restore(digest)
  return result
}

async function attemptPull(context: PullContext, request: PullRequest, login?: AuthConfig): Promise<Attempt> {
  const { session, cancelled } = context
  const { endpoint, kind } = session.context
  const finished = new AbortController()
  // Aborting the request also cancels the pull: the engine stops a pull when its client disconnects.
  const abortSignal = AbortSignal.any([cancelled, finished.signal])
  try {
    return await runPull(context, request, login, abortSignal)
  } catch (error) {
    cancelled.throwIfAborted()
    if (statusOf(error) !== undefined) return { failure: await explain(context, request, messageOf(error)) }
    return {
      failure: session.signal.aborted
        ? { code: 'engine-stopped', endpoint, kind }
        : engineFailure(error, session.context),
    }
  } finally {
    finished.abort()
  }
}

/** The failure for an engine's message. */
async function explain({ session }: PullContext, request: PullRequest, message: string): Promise<Failure> {
  const { platform } = session.capabilities
  const failure = pullFailure(message, { ...request, platform: request.platform ?? platform })
  return failure.code === 'platform-missing' ? withPlatforms(session, failure) : failure
}

type PlatformMissing = Extract<Failure, { code: 'platform-missing' }>

/** Adds the platforms that the registry has, if the engine can ask it. */
async function withPlatforms(session: EngineSession, failure: PlatformMissing): Promise<PlatformMissing> {
  const distribution = await readDistribution(session, failure.reference).catch(() => undefined)
  const platforms = (distribution?.Platforms ?? [])
    // Attestations are listed as images of an unknown platform.
    .filter(({ os, architecture }) => os !== '' && os !== 'unknown' && architecture !== '')
    .map(platformName)
  return platforms.length === 0 ? failure : { ...failure, platforms: [...new Set(platforms)] }
}

async function runPull(
  context: PullContext,
  request: PullRequest,
  login: AuthConfig | undefined,
  abortSignal: AbortSignal,
): Promise<Attempt> {
  const { session, onProgress } = context
  const { reference, platform } = request
  const stream = await pullImage(session, reference, { platform, login, signal: abortSignal })
  let state: PullState = initialPullState
  for await (const line of progressLines(stream)) {
    const message = line.errorDetail?.message ?? line.error
    if (message !== undefined) return { failure: await explain(context, request, message), digest: state.digest }
    state = applyLine(state, line)
    onProgress(state)
  }
  return { ...(await checkResult(session, request, state)), digest: state.digest }
}

/**
 * Inspects the pulled image. Fails if the platform is wrong: engines pull an image of another platform if the registry
 * has no matching one (tested).
 */
async function checkResult(
  session: EngineSession,
  request: PullRequest,
  { digest, isNew }: PullState,
): Promise<PullResult> {
  const { reference, platform } = request
  const image = await inspectImage(session, reference)
  if (!image) return { failure: { code: 'reference-unknown', reference } }
  const pulledPlatform = `${image.Os}/${image.Architecture}`
  if (platform !== undefined && !matchesPlatform(platform, pulledPlatform)) {
    // The containerd store keeps several platforms under one name and reports the engine's, so ask the registry.
    const isMissing =
      session.capabilities.store === 'classic' || !(await registryHasPlatform(session, reference, platform))
    if (isMissing) return { failure: await withPlatforms(session, { code: 'platform-missing', reference, platform }) }
  }
  return { pulled: { image: image.Id, isNew: isNew ?? true, ...(digest !== undefined && { digest }) } }
}

/** Whether `platform` is `osAndArchitecture`, with or without a variant. */
const matchesPlatform = (platform: string, osAndArchitecture: string) =>
  platform === osAndArchitecture || platform.startsWith(`${osAndArchitecture}/`)

async function registryHasPlatform(session: EngineSession, reference: string, platform: string): Promise<boolean> {
  const distribution = await readDistribution(session, reference).catch(() => undefined)
  // If the registry does not answer, trust the engine.
  if (!distribution) return true
  const { Descriptor, Platforms } = distribution
  // Engines report no platforms for a single OCI manifest (tested). Its only platform is the pulled one.
  if (Platforms.length === 0) return !/\bmanifest\.v\d/.test(Descriptor.mediaType)
  return Platforms.some(({ os, architecture }) => matchesPlatform(platform, `${os}/${architecture}`))
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
