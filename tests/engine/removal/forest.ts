/** Images that share most of their layers: bases, empty layers, several tags, build steps, commits. */
import type Docker from 'dockerode'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import type { Step } from '../../../tools/world/layers.ts'

/** The same numbers every time. */
export function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export async function growForest(docker: Docker, count: number, random: (below: number) => number): Promise<void> {
  await loadImages(docker, forest(count, random))
  const container = async (image: string, name: string) =>
    docker.createContainer({ Image: image, name, Cmd: ['/none'], HostConfig: { NetworkMode: 'none' } })
  // A chain of commits: the middle one loses its name and becomes a step that no list shows.
  for (const [from, repo] of [
    ['forest:0', 'commit-a'],
    ['commit-a:1', 'commit-b'],
    ['commit-b:1', 'commit-c'],
    ['commit-b:1', 'commit-d'],
  ] as const) {
    const made = await container(from, `for-${repo}`)
    await made.commit({ repo, tag: '1', changes: `LABEL made=${repo}` } as never)
    await made.remove()
  }
  await docker.getImage('commit-b:1').remove()
  for (const [at, image] of ['forest:1', 'forest:1', 'forest:2', 'commit-d:1'].entries())
    await container(image, `user-${at}`)
}

function* forest(count: number, random: (below: number) => number): Generator<ImageSpec> {
  const steps: Step[] = Array.from({ length: 8 }, (_, at) => ({
    instruction: at % 3 === 0 ? `WORKDIR /w${at}` : `COPY part-${at} /`,
    bytes: at % 3 === 0 ? 0 : 1_000 + at * 777,
  }))
  const settings: Step[] = [{ instruction: 'ENV A=b' }, { instruction: 'CMD ["/none"]' }, { instruction: 'WORKDIR /' }]
  const grown: ImageSpec[] = []
  for (let at = 0; at < count; at++) {
    const base = grown.length > 0 && random(4) > 0 ? grown[random(grown.length)] : undefined
    const own = Array.from({ length: 1 + random(4) }, () =>
      random(3) === 0 ? settings[random(settings.length)]! : steps[random(steps.length)]!,
    )
    const names = at > 2 && random(6) === 0 ? [] : [`forest:${at}`, ...(random(3) === 0 ? [`grove/${at}:x`] : [])]
    const image: ImageSpec = {
      references: names,
      ...(base && { base }),
      steps: base ? own : [{ instruction: `ADD root-${random(3)} /`, bytes: 5_000 }, ...own],
      created: new Date(1_700_000_000_000 + at * 1000),
      config: { Cmd: ['/none'], Labels: { at: String(at) } },
    }
    // Hand-made: no history at all, or one that leaves the last layer out.
    const told = random(12)
    yield told === 0 ? { ...image, history: [] } : image
    grown.push(image)
  }
}
