/** Tests whether the engine can pull through a mirror. Removes the pulled image unless it was present before. */
import { sameMirror } from '../../model/mirrors/address.ts'
import { hub } from '../../model/image/reference.ts'
import { ok, type Failure, type MirrorRace, type Result } from '../../preload/contract/index.ts'
import { inspectImage, removeImage, type EngineSession } from '../engine/index.ts'
import type { pullService } from '../pull/index.ts'
import { untrustedRegistry, type Http } from '../registry/index.ts'

/** About 10 kB, and on nearly every mirror. */
const testImage = { repository: 'hello-world', path: 'library/hello-world', tag: 'latest' }

interface Needs {
  readonly http: Http
  /** The last race, which shows whether the mirror has the image of the race. */
  readonly lastRace: () => MirrorRace | undefined
  readonly pull: Pick<ReturnType<typeof pullService>, 'pullWithinJob'>
}

/**
 * @returns the failure of a pull through the mirror; undefined if it succeeds; `skipped` if no suitable image is known
 */
export const testPull =
  ({ http, lastRace, pull }: Needs) =>
  async (session: EngineSession, mirror: string, signal: AbortSignal): Promise<Failure | 'skipped' | undefined> => {
    const image = await chooseTestImage({ http, session }, mirror, imageOfRace(lastRace(), mirror), signal)
    if (!image.ok) return image.error
    if (image.value === undefined) return 'skipped'
    return pullAndCleanUp(session, image.value, (reference) => pull.pullWithinJob(session, reference, signal, true))
  }

/** @returns the image of a race with the digest that this mirror returned; undefined if the mirror has no result */
function imageOfRace(race: MirrorRace | undefined, mirror: string): string | undefined {
  const [, probe] = Object.entries(race?.probes ?? {}).find(([address]) => sameMirror(address, mirror)) ?? []
  const repository = race?.image.replace(/[:@][^/]*$/, '')
  return probe?.state === 'answered' && repository ? `${repository}@${probe.digest}` : undefined
}

/**
 * Chooses the image to pull. None of the user's tags may move, so the first two choices are by digest:
 * 1. the test image, if the mirror has it;
 * 2. the image of the last race, if the mirror does not serve the test image;
 * 3. the test image by its tag, if the user has no image with that tag; otherwise undefined.
 * If this process cannot reach the mirror, perhaps the engine can: the test image is pulled with the mirror as its
 * registry. If the mirror returns other errors, the test fails without a pull, because the engine would fall back to
 * Docker Hub and the pull would succeed.
 */
async function chooseTestImage(
  { http, session }: { readonly http: Http; readonly session: EngineSession },
  mirror: string,
  raceReference: string | undefined,
  signal: AbortSignal,
): Promise<Result<string | undefined>> {
  const registry = untrustedRegistry(http, {
    address: mirror,
    host: hub,
    path: testImage.path,
    timeoutMs: 5_000,
    signal,
  })
  const manifest = await registry.manifest(testImage.tag)
  if (manifest.ok) return ok(`${testImage.repository}@${manifest.value.digest}`)
  if (unreachableCodes.has(manifest.error.code)) return mirrorReference(mirror) ?? manifest
  if (!notServedCodes.has(manifest.error.code)) return manifest
  if (raceReference !== undefined) return ok(raceReference)
  const reference = `${testImage.repository}:${testImage.tag}`
  return ok((await imageIdOf(session, reference)) === undefined ? reference : undefined)
}

/** The mirror is unreachable from this process, but the engine may have its own certificates or proxy. */
const unreachableCodes: ReadonlySet<string> = new Set([
  'registry-unreachable',
  'registry-proxy',
  'registry-tls',
  'registry-slow',
])

/**
 * @returns a reference with the mirror as its registry, so that the engine cannot fall back to Docker Hub; undefined if
 * the mirror's address has a path
 */
function mirrorReference(mirror: string): Result<string> | undefined {
  const { host, pathname } = new URL(mirror)
  return pathname === '/' ? ok(`${host}/${testImage.path}:${testImage.tag}`) : undefined
}

/** The mirror answers but does not serve this image, for example because of an allow list. */
const notServedCodes: ReadonlySet<string> = new Set([
  'reference-unknown',
  'registry-denied',
  'registry-region',
  'registry-login',
])

/** Pulls the image and removes it unless it was present before. @returns the failure of the pull, if any */
async function pullAndCleanUp(
  session: EngineSession,
  reference: string,
  pull: (reference: string) => Promise<Failure | undefined>,
): Promise<Failure | undefined> {
  const before = await imageIdOf(session, reference)
  const failure = await pull(reference)
  if (failure || before !== undefined) return failure
  // Removing only this reference, without force, keeps an image that has been given another name meanwhile.
  await removeImage(session, reference).catch((error: unknown) =>
    console.error('could not remove the image of the test pull:', error),
  )
  return undefined
}

const imageIdOf = async (session: EngineSession, reference: string): Promise<string | undefined> =>
  (await inspectImage(session, reference))?.Id
