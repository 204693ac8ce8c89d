/** What is pulled: always exactly one image, by tag or by digest. */
import { registryOf } from '../../model/provenance.ts'
import { parseReference } from '../../model/reference.ts'

export interface Target {
  /** In its familiar form, with its tag or digest. */
  readonly reference: string
  /** The registry's name: `docker.io` where it names none. */
  readonly host: string
}

/** Undefined where Docker would refuse the name. A tag beside a digest says nothing more, as for Docker itself. */
export function targetOf(text: string): Target | undefined {
  const [name = '', digest, ...more] = text.trim().split('@')
  const parsed = parseReference(name)
  if (!parsed || more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest))) return undefined
  const { repository, tag } = parsed
  const reference = digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`
  return { reference, host: registryOf(reference) }
}
