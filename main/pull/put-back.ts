/**
 * A pull that brought what was not asked for leaves its name as it was. Engines move the name first and look then: to an
 * image of another platform (all of them do), or to a web page (the containerd store). Seen on 20.10, 26.1 and 28.5.
 */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { parseReference } from '../../model/image/reference.ts'
import { id, names, statusOf, text, whileHere, type Engine } from '../engine/index.ts'

export interface Held {
  /** Back to what the name led to before the pull; `digest` is what the pull says it brought. Nothing is forced. */
  putBack(digest: string | undefined): Promise<void>
}

type Holder = v.InferOutput<typeof holder>
const holder = v.object({ Id: id, Os: text, RepoTags: names, RepoDigests: names })

/** What a name leads to, right before a pull. */
export async function holdName(
  engine: Pick<Engine, 'docker' | 'live'>,
  docker: Docker,
  reference: string,
): Promise<Held> {
  const here = <T>(asked: Promise<T>) => whileHere(engine, docker, asked)
  const { complete } = engine.live.snapshot()
  const known = new Set(engine.live.images().keys())
  const before = await here(holderOf(docker, reference)).catch(() => 'unclear' as const)

  async function putBack(digest: string | undefined) {
    // As long as a slow list is still being read, nobody knows what was there.
    if (!complete || before === 'unclear' || before === 'no image') return
    const now = await holderOf(docker, reference)
    if (!now || !cameBy(now, digest) || (now !== 'no image' && now.Id === before?.Id)) return
    const wasThere = now !== 'no image' && known.has(now.Id)
    const name = parseReference(reference)
    if (before && name) {
      await docker.getImage(before.Id).tag({ repo: name.repository, tag: name.tag })
      if (now !== 'no image' && !wasThere) await docker.getImage(now.Id).remove(cautious)
    }
    // With its last name an image would go too.
    else if (!before && (now === 'no image' || !wasThere || now.RepoTags.length > 1))
      await docker.getImage(reference).remove(cautious)
  }

  return {
    // The containerd store forgets an image whose name moves, 26.1 always, 28.5 where the pull fails then: it is lost.
    putBack: (digest) => here(putBack(digest)).catch(() => undefined),
  }
}

const cautious = { force: false, noprune: true }

/** Whether a name leads there by the pull, and not by someone else meanwhile. */
const cameBy = (now: Holder | 'no image', digest: string | undefined) =>
  now === 'no image' ||
  now.Os === '' ||
  (digest !== undefined && [now.Id, ...now.RepoDigests].some((each) => each.endsWith(digest)))

/** 26.1's containerd store refuses to inspect what a name leads to where that is no image. */
async function holderOf(docker: Docker, reference: string): Promise<Holder | 'no image' | undefined> {
  try {
    return v.parse(holder, await docker.getImage(reference).inspect())
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    if (/neither a manifest or index/.test(String(error))) return 'no image'
    throw error
  }
}
