/**
 * A pull that brought what was not asked for leaves its name as it was. Engines move the name first and look then: to an
 * image of another platform (all of them do), or to a web page (the containerd store). Seen on 20.10, 26.1 and 28.5.
 */
import { parseTag } from '../../model/image/reference.ts'
import {
  inspectImage,
  removeImage,
  tagImage,
  type Engine,
  type EngineSession,
  type ImageInspect,
} from '../engine/index.ts'

export interface Held {
  /** Back to what the name led to before the pull; `digest` is what the pull says it brought. Nothing is forced. */
  putBack(digest: string | undefined): Promise<void>
}

type Holder = ImageInspect

/** What a name leads to, right before a pull. */
export async function holdName(imagesOf: Engine['imagesOf'], session: EngineSession, reference: string): Promise<Held> {
  const all = imagesOf(session)
  const known = all && new Set(all.keys())
  const before = await holderOf(session, reference).catch(() => 'unclear' as const)

  async function putBack(digest: string | undefined) {
    // As long as a slow list is still being read, or the window shows another engine, nobody knows what was there.
    if (!known || before === 'unclear' || before === 'no image') return
    const now = await holderOf(session, reference)
    if (!now || !cameBy(now, digest) || (now !== 'no image' && now.Id === before?.Id)) return
    const wasThere = now !== 'no image' && known.has(now.Id)
    const name = parseTag(reference)
    if (before && name) {
      // The image may be gone with its name: then what came in its place is all that there is.
      if (!(await tagImage(session, before.Id, name))) return
      if (now !== 'no image' && !wasThere) await removeImage(session, now.Id, cautious)
    }
    // With its last name an image would go too.
    else if (!before && (now === 'no image' || !wasThere || now.RepoTags.length > 1))
      await removeImage(session, reference, cautious)
  }

  return {
    // The containerd store forgets an image whose name moves, 26.1 always, 28.5 where the pull fails then: it is lost.
    putBack: (digest) => putBack(digest).catch(() => undefined),
  }
}

const cautious = { keepParents: true }

/** Whether a name leads there by the pull, and not by someone else meanwhile. */
const cameBy = (now: Holder | 'no image', digest: string | undefined) =>
  now === 'no image' ||
  now.Os === '' ||
  (digest !== undefined && [now.Id, ...now.RepoDigests].some((each) => each.endsWith(digest)))

/** 26.1's containerd store refuses to inspect what a name leads to where that is no image. */
async function holderOf(session: EngineSession, reference: string): Promise<Holder | 'no image' | undefined> {
  try {
    return await inspectImage(session, reference)
  } catch (error) {
    if (/neither a manifest or index/.test(String(error))) return 'no image'
    throw error
  }
}
