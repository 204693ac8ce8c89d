/** Creates images for tags that the stub lists and the registry lacks, so that every listed tag can be pulled. */
import { fillRegistry } from '../fill.ts'
import type { ImageSpec } from '../images.ts'
import type { Registry } from '../registry.ts'
import { task, userland } from '../userland.ts'
import { readTagNames } from './registry-tags.ts'
import { findRepository, readRepositories, type Repository } from './repositories.ts'

/** Resolves once the registry has the tag, or at once if the stub does not list it. A path is like `library/nginx`. */
export type EnsureTag = (path: string, tag: string) => Promise<void>

export function missingImageCreator(registry: Pick<Registry, 'directHost'>): EnsureTag {
  const repositories = readRepositories()
  const creations = new Map<string, Promise<unknown>>()
  return async (path, tag) => {
    const repository = findRepository(repositories, path)
    if (!repository || (await readTagNames(registry.directHost, path)).includes(tag)) return
    const image = createImageSpec(repository, tag)
    if (!image) return
    const key = image.references.join()
    const creation = creations.get(key) ?? fillRegistry(registry, [image])
    creations.set(key, creation)
    await creation.finally(() => creations.delete(key))
  }
}

/**
 * The image of a tag. Its references are all tags with the same digest.
 * @returns undefined if the tag is not listed
 */
function createImageSpec({ name, tags }: Repository, tagName: string): ImageSpec | undefined {
  const tag = tags.find(({ name }) => name === tagName)
  if (!tag) return undefined
  const references = tags.filter(({ digest }) => digest === tag.digest).map((alias) => `${name}:${alias.name}`)
  return {
    references,
    created: new Date(tag.last_updated),
    config: { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/about'] },
    steps: [
      { instruction: 'ADD rootfs.tar.xz / # buildkit', bytes: 2_400_000, files: userland(name) },
      {
        instruction: `COPY ${references[0]} / # buildkit`,
        bytes: 1_000_000 + (tag.full_size % 3_000_000),
        noise: true,
        files: { 'bin/about': task(0, `This stands for ${references[0]}`) },
      },
      { instruction: 'CMD ["/bin/about"]' },
    ],
  }
}
