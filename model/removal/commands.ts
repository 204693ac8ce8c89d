/** A plan of a removal as names and commands of the engine. */
import { splitReference, type Image, type Reference } from '../image/image.ts'
import { quoted } from '../text/shell.ts'

/**
 * The names whose removal, one after another, deletes an image without force: an id alone is refused where it has
 * several. Digests of a repository go with its last tag; those of other repositories are names of their own. Source:
 * moby daemon/images/image_delete.go.
 */
export function namesOf({ id, references, digests }: Image, store: 'classic' | 'containerd'): string[] {
  const repositories = new Set(references.map((reference) => splitReference(reference).repository))
  const apart = store === 'classic' || references.length === 0
  const names = [...references, ...digests.filter((digest) => apart && !repositories.has(digest.split('@')[0]!))]
  return names.length > 0 ? names : [id]
}

interface Parts {
  readonly deletes: readonly { readonly names: readonly string[] }[]
  readonly untags: readonly { readonly reference: Reference }[]
  readonly containers: readonly { readonly name: string; readonly stop: boolean }[]
}

/** What a user would type for a plan. */
export function commandsOf({ deletes, untags, containers }: Parts): string[] {
  const line = (command: string, names: readonly string[]) =>
    names.length > 0 ? [`${command} ${names.map(quoted).join(' ')}`] : []
  const images = [...untags.map(({ reference }) => reference), ...deletes.flatMap(({ names }) => names)]
  const stops = containers.filter(({ stop }) => stop).map(({ name }) => name)
  return [
    ...line('docker stop', stops),
    ...line(
      'docker rm',
      containers.map(({ name }) => name),
    ),
    ...line('docker rmi', images),
  ]
}
