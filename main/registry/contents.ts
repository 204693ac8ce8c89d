/** What a pull of an image would bring, as its registry tells: the compressed size of each layer. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { platformName } from '../../model/image/platform.ts'
import type { Answer } from './http.ts'
import { digestOf, manifest, manifestTypes } from './manifest.ts'

export interface ImageContents {
  /** Compressed, base first. */
  readonly layers: readonly Bytes[]
  /** The digests of the unpacked layers, base first, from the image's configuration: one more GET. */
  diffIds(): Promise<readonly string[] | undefined>
}

/** A GET at the image's repository. @returns undefined if the registry does not give it */
export type GetContent = (path: string, accept: string) => Promise<Answer | undefined>

/** Only the layers are read. Source: OCI image-spec, config.md. */
const configuration = v.object({ rootfs: v.object({ diff_ids: v.array(v.string()) }) })

/**
 * Reads the manifest of one platform. What does not have the digest that it was asked by is not believed.
 * @returns undefined if it cannot be had, or the image has no such platform
 */
export async function readContents(
  get: GetContent,
  digest: string,
  platform: string,
): Promise<ImageContents | undefined> {
  const top = parsed(manifest, await content(get, `manifests/${digest}`, digest))
  if (top && 'layers' in top) return contentsOf(top)
  const own = top?.manifests.find((one) => one.platform && platformName(one.platform) === platform)
  const one = own && parsed(manifest, await content(get, `manifests/${own.digest}`, own.digest))
  return one && 'layers' in one ? contentsOf(one) : undefined

  function contentsOf({ config, layers }: Extract<v.InferOutput<typeof manifest>, { layers: unknown }>): ImageContents {
    return {
      layers: layers.map(({ size }) => size),
      async diffIds() {
        const read = parsed(configuration, await content(get, `blobs/${config.digest}`, config.digest))
        const diffIds = read?.rootfs.diff_ids
        return diffIds?.length === layers.length ? diffIds : undefined
      },
    }
  }
}

async function content(get: GetContent, path: string, digest: string): Promise<string | undefined> {
  const answer = await get(path, path.startsWith('manifests/') ? manifestTypes.join(', ') : '*/*')
  return answer?.status === 200 && digestOf(answer.body) === digest ? answer.body : undefined
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string | undefined,
): v.InferOutput<Schema> | undefined {
  if (text === undefined) return undefined
  try {
    return v.parse(schema, JSON.parse(text))
  } catch {
    return undefined
  }
}
