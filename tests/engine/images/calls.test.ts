import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiskAccount } from '../../../preload/contract/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { userland } from '../../../tools/world/userland.ts'
import { matrix } from '../matrix.ts'
import { eventually, watchEngine } from '../engine-window.ts'

const created = new Date('2024-02-29T12:00:00Z')
const box: ImageSpec = {
  references: ['box:1'],
  created,
  config: { Cmd: ['sh'], Labels: { Maintainer: 'Team Red <red@example.com>', 'org.label': 'x'.repeat(10_000) } },
  steps: [{ instruction: 'ADD box /', files: userland('Box 1') }],
}
const images: ImageSpec[] = [
  box,
  { ...box, base: box, references: ['child:1', 'child:2'], config: { Labels: { stage: 'Child' } }, steps: [] },
  { references: ['plain:1'], created, steps: [{ instruction: 'COPY plain /', bytes: 1000 }] },
]

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let served: ReturnType<typeof watchEngine>

  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, images)
    served = watchEngine(engine.socket)
    await eventually(() => served.window.complete)
  })
  afterAll(async () => {
    await served?.stop()
    await engine?.stop()
  })

  const find = (name: string) => served.window.shown.images.find(({ references }) => references.includes(name))?.id
  const idOf = (name: string) => find(name) ?? expect.unreachable(`${name} is not shown`)
  const carried = (name: string, id: string) => eventually(() => find(name) === id)
  const tag = (image: string, reference: string, movesFrom?: string) =>
    served.calls['images.tag']({ image, reference, ...(movesFrom !== undefined && { movesFrom }) })

  test('a tag can be added in any form that Docker accepts', async () => {
    const plain = idOf('plain:1')
    expect(await tag(plain, 'docker.io/library/renamed')).toEqual({ ok: true, value: undefined })
    expect(await tag(plain, 'localhost:5000/team/renamed:v2')).toEqual({ ok: true, value: undefined })
    await carried('renamed:latest', plain)
    await carried('localhost:5000/team/renamed:v2', plain)
    expect(await tag(plain, 'renamed')).toEqual({ ok: true, value: undefined })
    expect(await tag(plain, 'Not A Name')).toEqual({ ok: false, error: { code: 'bad-input' } })
  })

  test('a tag that another image has is taken only from the one that the user was told of', async () => {
    const [boxed, child, plain] = [idOf('box:1'), idOf('child:1'), idOf('plain:1')]
    const taken = { ok: false, error: { code: 'tag-taken', reference: 'child:2', image: child } }
    expect(await tag(plain, 'child:2')).toEqual(taken)
    expect(await tag(plain, 'child:2', boxed)).toEqual(taken)
    expect(await tag(plain, 'child:2', child)).toEqual({ ok: true, value: undefined })
    await carried('child:2', plain)
    // The image that the user saw has lost the tag meanwhile, and no other image has it.
    await engine.docker.getImage('child:2').remove()
    expect(await tag(boxed, 'child:2', plain)).toEqual({ ok: true, value: undefined })
    await carried('child:2', boxed)
    expect(idOf('child:1')).toBe(child)
  })

  test('an image that is gone cannot be tagged, and what the engine refuses is said in its words', async () => {
    const gone = `sha256:${'0'.repeat(64)}`
    expect(await tag(gone, 'new:1')).toEqual({ ok: false, error: { code: 'image-gone', image: gone } })
    // 20.10 reads what is before the slash as a part of the name, and that may have no capitals.
    expect(await tag(idOf('box:1'), 'Registry/x:1')).toMatchObject(
      wish.version === '20.10' ? { error: { code: 'engine-refused' } } : { ok: true },
    )
  })

  test('labels are found by what is in them, whatever their letters’ case, and stay on main', async () => {
    const labelled = async (...words: string[]) => {
      const answer = await served.calls['images.labelled'](words)
      return answer.ok && answer.value.map((ids) => ids.toSorted())
    }
    const [boxed, child] = [idOf('box:1'), idOf('child:1')]
    const both = [boxed, child].toSorted()
    expect(await labelled('team red', 'maintainer=', 'stage=child', 'nothing')).toEqual([both, both, [child], []])
    expect(JSON.stringify([served.changes, served.engine.live.snapshot()])).not.toContain('xxxxx')

    // A single inspect gives the same labels as the list.
    await engine.docker.getImage(boxed).tag({ repo: 'box', tag: 'again' })
    await carried('box:again', boxed)
    expect(await labelled('team red', 'stage=child')).toEqual([both, [child]])
  })

  test('the disk usage is what docker system df shows', async () => {
    const container = await engine.docker.createContainer({
      Image: 'box:1',
      Cmd: ['sh', '-c', 'dd if=/dev/zero of=/zeros bs=1000 count=200'],
      HostConfig: { NetworkMode: 'none' },
      Volumes: { '/data': {} },
    })
    await container.start()
    await container.wait()
    const answer = await served.calls['engine.disk'](undefined)
    const account: DiskAccount = answer.ok ? answer.value : {}
    const lines = execFileSync(`${engine.programs}/docker`, ['system', 'df', '--format', '{{json .}}'], {
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
    })
    const told = lines.trim().split('\n').map((line) => JSON.parse(line) as { Type: string; TotalCount: string; Size: string }) // prettier-ignore
    const parts = { Images: account.images, Containers: account.containers, 'Local Volumes': account.volumes, 'Build Cache': account.buildCache } // prettier-ignore
    for (const { Type, TotalCount, Size } of told) {
      const part = parts[Type as keyof typeof parts]!
      expect([Type, part.count]).toEqual([Type, Number(TotalCount)])
      // Docker prints four figures at most.
      expect(Math.abs(part.bytes - inBytes(Size))).toBeLessThanOrEqual(part.bytes / 1000)
    }
    expect(account.containers!.bytes).toBeGreaterThan(100_000)
    await container.remove({ v: true })
  })
})

/** `1.5MB`, as docker prints four figures. */
function inBytes(size: string): number {
  const [, number, unit] = /^([\d.]+)(\w*B)$/.exec(size) ?? []
  return Number(number) * { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit as 'B' | 'kB' | 'MB' | 'GB']
}
