/**
 * A forest of image trees, for tests of sizes: images built on each other that share most of their layers, with empty
 * layers, several tags, untagged build steps, commits and containers.
 */
import type Docker from 'dockerode'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import type { Step } from '../../../tools/world/layers.ts'

/** @returns a function that returns random integers from 0 to `below` - 1; equal seeds give equal sequences */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export async function loadImageForest(docker: Docker, count: number, random: (below: number) => number): Promise<void> {
  await loadImages(docker, forestImages(count, random))
  const createContainer = async (image: string, name: string) =>
    docker.createContainer({ Image: image, name, Cmd: ['/none'], HostConfig: { NetworkMode: 'none' } })
  // A chain of commits. commit-b loses its only tag and so becomes a build step, which `docker images` hides.
  for (const [from, repo] of [
    ['forest:0', 'commit-a'],
    ['commit-a:1', 'commit-b'],
    ['commit-b:1', 'commit-c'],
    ['commit-b:1', 'commit-d'],
  ] as const) {
    const container = await createContainer(from, `for-${repo}`)
    await container.commit({ repo, tag: '1', changes: `LABEL made=${repo}` } as never)
    await container.remove()
  }
  await docker.getImage('commit-b:1').remove()
  for (const [index, image] of ['forest:1', 'forest:1', 'forest:2', 'commit-d:1'].entries())
    await createContainer(image, `user-${index}`)
}

function* forestImages(count: number, random: (below: number) => number): Generator<ImageSpec> {
  const layerSteps: Step[] = Array.from({ length: 8 }, (_, index) => ({
    instruction: index % 3 === 0 ? `WORKDIR /w${index}` : `COPY part-${index} /`,
    bytes: index % 3 === 0 ? 0 : 1_000 + index * 777,
  }))
  const configSteps: Step[] = [
    { instruction: 'ENV A=b' },
    { instruction: 'CMD ["/none"]' },
    { instruction: 'WORKDIR /' },
  ]
  const images: ImageSpec[] = []
  for (let index = 0; index < count; index++) {
    const base = images.length > 0 && random(4) > 0 ? images[random(images.length)] : undefined
    const ownSteps = Array.from({ length: 1 + random(4) }, () =>
      random(3) === 0 ? configSteps[random(configSteps.length)]! : layerSteps[random(layerSteps.length)]!,
    )
    const isUntagged = index > 2 && random(6) === 0
    const references = isUntagged ? [] : [`forest:${index}`, ...(random(3) === 0 ? [`grove/${index}:x`] : [])]
    const image: ImageSpec = {
      references,
      ...(base && { base }),
      steps: base ? ownSteps : [{ instruction: `ADD root-${random(3)} /`, bytes: 5_000 }, ...ownSteps],
      created: new Date(1_700_000_000_000 + index * 1000),
      config: { Cmd: ['/none'], Labels: { at: String(index) } },
    }
    // One image in twelve has no history, like an image that was imported instead of built.
    const hasHistory = random(12) !== 0
    yield hasHistory ? image : { ...image, history: [] }
    images.push(image)
  }
}
