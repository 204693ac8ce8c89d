/** Images for tags that the stub lists and the registry lacks, so that whatever a demo's user finds can be pulled. */
import type { ImageSpec } from '../images.ts'
import { task, userland } from '../userland.ts'
import type { Repository } from './repositories.ts'

/** The image that a tag stands for, under all tags that stand for the same; none if the tag is not listed. */
export function madeUpImage({ name, tags }: Repository, wanted: string): ImageSpec | undefined {
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
