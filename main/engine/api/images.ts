/** Images: inspect, history, tag, remove. Source: Docker Engine API, 1.40 to 1.51. */
import * as v from 'valibot'
import { imageSize, labels, searchableLabels, type KnownImage } from './image-list.ts'
import { bytes, id, inspectedDate, keys, list, names, parent, text } from './replies.ts'
import { ask, find, send, defaultTimeoutMs } from './request.ts'
import { statusOf, EngineError } from './errors.ts'
import type { EngineSession } from './session.ts'

const config = v.object({
  Entrypoint: list(v.string()),
  Cmd: list(v.string()),
  Env: list(v.string()),
  ExposedPorts: keys,
  Volumes: keys,
  Labels: labels,
  WorkingDir: text,
  User: text,
})

const imageInspect = v.object({
  Id: id,
  Parent: parent,
  RepoTags: names,
  RepoDigests: names,
  Created: inspectedDate,
  Author: text,
  Os: text,
  Architecture: text,
  Variant: text,
  Size: imageSize,
  Config: v.nullish(config, {}),
  RootFS: v.nullish(v.object({ Layers: list(v.string()) }), { Layers: [] }),
  /** Only the containerd store returns manifests, from API 1.48. Older engines ignore the parameter. */
  Manifests: v.nullish(v.array(v.object({ ID: v.string(), Available: v.boolean(), Kind: text }))),
})
export type ImageInspect = v.InferOutput<typeof imageInspect>

/**
 * @param manifests whether the containerd store also returns the manifest of each platform
 * @returns undefined if the image does not exist. Timeout: 10 s.
 */
export const inspectImage = (
  session: EngineSession,
  name: string,
  { manifests = false, signal }: { readonly manifests?: boolean; readonly signal?: AbortSignal } = {},
): Promise<ImageInspect | undefined> =>
  find(session, imageInspect, { path: `/images/${name}/json`, query: manifests ? { manifests: 1 } : {}, signal })

/** The engine may be busy with its list for minutes. */
const busyTimeoutMs = 300_000

/** Inspects an image for the live state. @returns undefined if the image does not exist. Timeout: 5 min. */
export async function inspectListedImage(session: EngineSession, name: string): Promise<KnownImage | undefined> {
  const found = await find(session, imageInspect, { path: `/images/${name}/json`, timeoutMs: busyTimeoutMs })
  return (
    found && {
      id: found.Id,
      references: found.RepoTags,
      digests: found.RepoDigests,
      created: found.Created,
      ...found.Size,
      labels: searchableLabels(found.Config.Labels ?? {}),
      ...found.Parent,
    }
  )
}

const imageHistory = list(v.object({ CreatedBy: text, Size: bytes }))

/** @returns the build steps of an image, newest first, as the engine reports them. Timeout: 10 s. */
export const readHistory = (session: EngineSession, name: string) =>
  ask(session, imageHistory, { path: `/images/${name}/history` })

/** Adds a tag to an image. @returns false if the image does not exist. Timeout: 10 s. */
export async function tagImage(
  session: EngineSession,
  image: string,
  { repository, tag }: { readonly repository: string; readonly tag: string },
): Promise<boolean> {
  try {
    const query = { repo: repository, tag }
    await send(session, { method: 'POST', path: `/images/${image}/tag`, query, timeoutMs: defaultTimeoutMs })
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

const removeReply = list(v.object({ Deleted: v.optional(id), Untagged: v.optional(v.string()) }))

export type ImageRemovalOutcome =
  /** The deleted ids: of images, untagged parents and, in the classic store, layers. Empty if only a tag was removed. */
  | { readonly deleted: readonly string[] }
  | 'missing'
  /** The engine's message if it refuses, for example because a container uses the image or the image has children. */
  | { readonly conflict: string }

/** Removing a large image may take minutes. */
const removalTimeoutMs = 600_000

/**
 * Removes a tag, or an image by its id, without force. Removing the last tag deletes the image. Timeout: 10 min.
 * @param keepParents sends `noprune`, so that untagged parents are not removed
 */
export async function removeImage(
  session: EngineSession,
  name: string,
  { keepParents = false } = {},
): Promise<ImageRemovalOutcome> {
  try {
    const query = keepParents ? { noprune: true } : {}
    const request = { method: 'DELETE', path: `/images/${name}`, query, timeoutMs: removalTimeoutMs } as const
    return { deleted: (await ask(session, removeReply, request)).flatMap(({ Deleted }) => Deleted ?? []) }
  } catch (error) {
    if (statusOf(error) === 404) return 'missing'
    if (statusOf(error) === 409 && error instanceof EngineError) return { conflict: error.message }
    throw error
  }
}
