/** Images for tags that the stub lists and the registry lacks, so that whatever a demo's user finds can be pulled. */
import { fillRegistry } from '../fill.ts'
import type { ImageSpec } from '../images.ts'
import type { Registry } from '../registry.ts'
import { task, userland } from '../userland.ts'
import { heldNames } from './registry-tags.ts'
import { findRepository, readRepositories, type Repository } from './repositories.ts'

/** Sees to it that the registry holds a tag, if it is listed. */
export type Bring = (path: string, tag: string) => Promise<void>

export function onDemand(registry: Pick<Registry, 'direct'>): Bring {
  const repositories = readRepositories()
  const making = new Map<string, Promise<unknown>>()
  return async (path, tag) => {
    const repository = findRepository(repositories, path)
    if (!repository || (await heldNames(registry.direct, path)).includes(tag)) return
    const image = madeUpImage(repository, tag)
    if (!image) return
    const key = image.references.join()
    const made = making.get(key) ?? fillRegistry(registry, [image])
    making.set(key, made)
    await made.finally(() => making.delete(key))
  }
}

/** The image that a tag stands for, under all tags that stand for the same; none if the tag is not listed. */
function madeUpImage({ name, tags }: Repository, wanted: string): ImageSpec | undefined {
  const tag = tags.find((each) => each.name === wanted)
  if (!tag) return undefined
  const alike = tags.filter(({ digest }) => digest === tag.digest).map((each) => `${name}:${each.name}`)
  return {
    references: alike,
    created: new Date(tag.last_updated),
    config: { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/about'] },
    steps: [
      { instruction: 'ADD rootfs.tar.xz / # buildkit', bytes: 2_400_000, files: userland(name) },
      {
        instruction: `COPY ${alike[0]} / # buildkit`,
        bytes: 1_000_000 + (tag.full_size % 3_000_000),
        noise: true,
        files: { 'bin/about': task(0, `This stands for ${alike[0]}`) },
      },
      { instruction: 'CMD ["/bin/about"]' },
    ],
  }
}
