/** Reads the compressed sizes of the layers that a pull of an image would download, from the registry of the image. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { platformName } from '../../model/image/platform.ts'
import type { HttpResponse } from './http.ts'
import { manifestOrIndex, manifestTypes, parseVerified, type ManifestOrIndex } from './manifest.ts'

export interface ImageContents {
  /** Compressed sizes, base first. */
  readonly layers: readonly Bytes[]
  /** Diff ids (digests of the uncompressed layers), base first. GETs the image's configuration. */
  diffIds(): Promise<readonly string[] | undefined>
}

/** Sends a GET request to the image's repository. @returns undefined if the request failed */
export type GetContent = (path: string, accept: string) => Promise<HttpResponse | undefined>

/** The part of an image configuration that is read. Source: OCI image-spec, config.md. */
const configuration = v.object({ rootfs: v.object({ diff_ids: v.array(v.string()) }) })

/**
 * Reads the manifest of one platform. Content that does not match its digest is ignored.
 * @returns undefined if the manifest cannot be read or the image lacks the platform
 */
export async function readContents(
  get: GetContent,
  digest: string,
  platform: string,
): Promise<ImageContents | undefined> {
  const topLevelManifest = await fetchManifest(get, digest)
  if (topLevelManifest && 'layers' in topLevelManifest) return contentsOf(topLevelManifest)
  const entry = topLevelManifest?.manifests.find((child) => child.platform && platformName(child.platform) === platform)
  const image = entry && (await fetchManifest(get, entry.digest))
  return image && 'layers' in image ? contentsOf(image) : undefined

  function contentsOf({ config, layers }: Extract<ManifestOrIndex, { layers: unknown }>): ImageContents {
    return {
      layers: layers.map(({ size }) => size),
      async diffIds() {
        const parsed = verify(configuration, await get(`blobs/${config.digest}`, '*/*'), config.digest)
        const diffIds = parsed?.rootfs.diff_ids
        return diffIds?.length === layers.length ? diffIds : undefined
      },
    }
  }
}

const fetchManifest = async (get: GetContent, digest: string) =>
  verify(manifestOrIndex, await get(`manifests/${digest}`, manifestTypes.join(', ')), digest)

/** @returns undefined if the request failed or the body does not match `digest` and `schema` */
function verify<Schema extends v.GenericSchema>(
  schema: Schema,
  response: HttpResponse | undefined,
  digest: string,
): v.InferOutput<Schema> | undefined {
  if (response?.status !== 200) return undefined
  const verified = parseVerified(schema, response.body, digest)
  return typeof verified === 'string' ? undefined : verified.value
}
