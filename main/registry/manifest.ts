/** Manifests and image indexes. Source: OCI image-spec, manifest.md and image-index.md; distribution's schema 2. */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { platformName } from '../../model/image/platform.ts'

/** The OCI and Docker media types of manifests and multi-platform indexes. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))
const size = v.pipe(v.number(), v.integer(), v.minValue(0))
const platform = v.object({ os: v.string(), architecture: v.string(), variant: v.nullish(v.string()) })
const descriptor = v.object({ digest, size, platform: v.nullish(platform) })
export type Descriptor = v.InferOutput<typeof descriptor>

export const manifestOrIndex = v.union([
  v.object({ manifests: v.pipe(v.array(descriptor), v.minLength(1)) }),
  v.object({ config: descriptor, layers: v.array(descriptor) }),
])
export type ManifestOrIndex = v.InferOutput<typeof manifestOrIndex>

/** Selects the manifest of an index for a platform such as `linux/amd64`; the first manifest if none matches. */
export function manifestForPlatform(manifests: readonly Descriptor[], platform: string): Descriptor | undefined {
  return manifests.find((child) => child.platform && platformName(child.platform) === platform) ?? manifests[0]
}

/** Computes a digest from content that arrives in parts. */
export function digester(): { add(content: string | Uint8Array): void; digest(): string } {
  const hash = createHash('sha256')
  return { add: (content) => void hash.update(content), digest: () => `sha256:${hash.digest('hex')}` }
}

export function digestOf(content: string | Uint8Array): string {
  const { add, digest } = digester()
  add(content)
  return digest()
}

/**
 * Checks the digest of a JSON document, then parses it.
 * @param expected the digest that the document must have; undefined if none is known
 * @returns `altered` if the document has another digest, `invalid` if it does not match `schema`
 */
export function parseVerified<Schema extends v.GenericSchema>(
  schema: Schema,
  body: string,
  expected: string | undefined,
): { readonly digest: string; readonly value: v.InferOutput<Schema> } | 'altered' | 'invalid' {
  const digest = digestOf(body)
  if (expected !== undefined && expected !== digest) return 'altered'
  try {
    return { digest, value: v.parse(schema, JSON.parse(body)) }
  } catch {
    return 'invalid'
  }
}
