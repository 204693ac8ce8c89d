/** The target of a pull: exactly one image, by tag or by digest. */
import { registryOf } from '../../model/image/provenance.ts'
import { parseReference } from '../../model/image/reference.ts'

export interface Target {
  /** The familiar reference, with a tag or digest. */
  readonly reference: string
  /** The registry's name: `docker.io` if the reference has none. */
  readonly host: string
}

/** @returns undefined if `text` is not a valid image reference */
export function parseTarget(text: string): Target | undefined {
  const parsed = parseReference(text.trim())
  return parsed && { reference: parsed.reference, host: registryOf(parsed.reference) }
}
