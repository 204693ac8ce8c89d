/** What is pulled: always exactly one image, by tag or by digest. */
import { registryOf } from '../../model/image/provenance.ts'
import { parseReference } from '../../model/image/reference.ts'

export interface Target {
  /** In its familiar form, with its tag or digest. */
  readonly reference: string
  /** The registry's name: `docker.io` where it names none. */
  readonly host: string
}

/** Undefined where Docker would refuse the name. */
export function targetOf(text: string): Target | undefined {
  const named = parseReference(text.trim())
  return named && { reference: named.reference, host: registryOf(named.reference) }
}
