/** The names in the requests of a removal, and the equivalent `docker` commands. */
import { splitReference, type Image, type Reference } from '../image/image.ts'
import { operands, shellQuote } from '../text/shell.ts'

/**
 * @returns the names to remove, in order, to delete an image without force. The image's id is not enough, because the
 * engine refuses the id of an image that has several tags. When the last tag of a repository is removed, the engine
 * also removes the repository's digests; digests in repositories without a tag must be removed by name.
 * @see moby daemon/images/image_delete.go
 */
export function namesOf({ id, references, digests }: Image, store: 'classic' | 'containerd'): string[] {
  const repositories = new Set(references.map((reference) => splitReference(reference).repository))
  const needsDigests = store === 'classic' || references.length === 0
  const names = [...references, ...digests.filter((digest) => needsDigests && !repositories.has(digest.split('@')[0]!))]
  return names.length > 0 ? names : [id]
}

interface PlanParts {
  readonly deletes: readonly { readonly names: readonly string[] }[]
  readonly untags: readonly { readonly reference: Reference }[]
  readonly containers: readonly { readonly name: string; readonly stop: boolean }[]
}

/**
 * @returns the `docker` commands that have the same effect as the plan
 * @param engineFlags global flags that make the docker CLI use the same engine
 */
export function commandsOf({ deletes, untags, containers }: PlanParts, engineFlags: readonly string[] = []): string[] {
  const docker = ['docker', ...engineFlags.map(shellQuote)].join(' ')
  const line = (command: string, names: readonly string[]) =>
    names.length > 0 ? [`${docker} ${command} ${operands(names).map(shellQuote).join(' ')}`] : []
  const images = [...untags.map(({ reference }) => reference), ...deletes.flatMap(({ names }) => names)]
  const stops = containers.filter(({ stop }) => stop).map(({ name }) => name)
  return [
    ...line('stop', stops),
    ...line(
      'rm',
      containers.map(({ name }) => name),
    ),
    ...line('rmi', images),
  ]
}
