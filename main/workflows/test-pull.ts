/** Whether Docker can pull with the mirrors that it was given: a small image, gone again if it was not here before. */
import { sameMirror } from '../../model/mirrors/address.ts'
import { hub } from '../../model/image/reference.ts'
import { ok, type Failure, type MirrorRace, type Result } from '../../preload/contract/index.ts'
import { inspectImage, removeImage, type EngineSession } from '../engine/index.ts'
import type { pullService } from '../pull/index.ts'
import { guestOf, type Http } from '../registry/index.ts'

/** Ten kilobytes, and known to nearly all mirrors. */
const smallest = { repository: 'hello-world', path: 'library/hello-world', tag: 'latest' }

interface Needs {
  readonly http: Http
  /** The last race, for an image that the mirror is known to have. */
  readonly lastRace: () => MirrorRace | undefined
  readonly pull: Pick<ReturnType<typeof pullService>, 'pullAgain'>
}

/** Why Docker cannot pull with a mirror; left out where no image is known to try it with. */
export const testPull =
  ({ http, lastRace, pull }: Needs) =>
  async (session: EngineSession, mirror: string, signal: AbortSignal): Promise<Failure | 'left-out' | undefined> => {
    const image = await imageToTry({ http, session }, mirror, raced(lastRace(), mirror), signal)
    if (!image.ok) return image.error
    if (image.value === undefined) return 'left-out'
    return tryPull(session, image.value, (reference) => pull.pullAgain(session, reference, signal, true))
  }

/** The image of a race, by the digest that this mirror answered with. */
function raced(race: MirrorRace | undefined, mirror: string): string | undefined {
  const [, seen] = Object.entries(race?.probes ?? {}).find(([address]) => sameMirror(address, mirror)) ?? []
  const repository = race?.image.replace(/[:@][^/]*$/, '')
  return seen?.state === 'answered' && repository ? `${repository}@${seen.digest}` : undefined
}

/**
 * What to pull, by digest: so no tag of the user's moves. The smallest image where the mirror has it, else what it was
 * tested with, else the smallest by its tag where that is nobody's; nothing where all that is left out. A mirror that
 * misbehaves fails here: the engine would go past it to Docker Hub, and all would seem well.
 */
async function imageToTry(
  { http, session }: { readonly http: Http; readonly session: EngineSession },
  mirror: string,
  tested: string | undefined,
  signal: AbortSignal,
): Promise<Result<string | undefined>> {
  const guest = guestOf(http, { address: mirror, host: hub, path: smallest.path, patience: 5_000, signal })
  const seen = await guest.manifest(smallest.tag)
  if (seen.ok) return ok(`${smallest.repository}@${seen.value.digest}`)
  if (unseen.has(seen.error.code)) return atMirror(mirror) ?? seen
  if (!picky.has(seen.error.code)) return seen
  if (tested !== undefined) return ok(tested)
  const reference = `${smallest.repository}:${smallest.tag}`
  return ok((await idOf(session, reference)) === undefined ? reference : undefined)
}

/** Not reached from here: the engine may have certificates or a proxy of its own. */
const unseen: ReadonlySet<string> = new Set(['registry-unreachable', 'registry-tls', 'registry-slow'])

/** From the mirror itself, as from any registry, so that the engine does not go past it to Docker Hub. */
function atMirror(mirror: string): Result<string> | undefined {
  const { host, pathname } = new URL(mirror)
  return pathname === '/' ? ok(`${host}/${smallest.path}:${smallest.tag}`) : undefined
}

/** It answers, and does not give this image: an allow-list. */
const picky: ReadonlySet<string> = new Set(['reference-unknown', 'registry-denied', 'registry-login'])

/** Pulls and clears away. The failure, if any; an image that was here before stays as it was. */
async function tryPull(
  session: EngineSession,
  reference: string,
  pull: (reference: string) => Promise<Failure | undefined>,
): Promise<Failure | undefined> {
  const before = await idOf(session, reference)
  const failure = await pull(reference)
  if (failure || before !== undefined) return failure
  // By its digest alone, and never by force: what has got another name meanwhile stays.
  await removeImage(session, reference).catch((error: unknown) =>
    console.error('the image of the test pull stays:', error),
  )
  return undefined
}

const idOf = async (session: EngineSession, reference: string): Promise<string | undefined> =>
  (await inspectImage(session, reference))?.Id
