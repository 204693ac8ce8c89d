import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiskUsage } from '../../../preload/contract/index.ts'
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

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let served: ReturnType<typeof watchEngine>

  beforeAll(async () => {
    engine = await startEngine(options)
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
  /** Waits until this image has the tag in the window. */
  const waitUntilTagged = (name: string, id: string) => eventually(() => find(name) === id)
  const tag = (image: string, reference: string, movesFrom?: string) =>
    served.calls['images.tag']({ image, reference, ...(movesFrom !== undefined && { movesFrom }) })

  test('a tag can be added with a short or a full reference, and an invalid reference is refused', async () => {
    const plain = idOf('plain:1')
    expect(await tag(plain, 'docker.io/library/renamed')).toEqual({ ok: true, value: undefined })
    expect(await tag(plain, 'localhost:5000/team/renamed:v2')).toEqual({ ok: true, value: undefined })
    await waitUntilTagged('renamed:latest', plain)
    await waitUntilTagged('localhost:5000/team/renamed:v2', plain)
    expect(await tag(plain, 'renamed')).toEqual({ ok: true, value: undefined })
    expect(await tag(plain, 'Not A Name')).toEqual({ ok: false, error: { code: 'bad-input' } })
  })

  test('a tag of another image is moved only if it still belongs to the image that the user confirmed', async () => {
    const [boxId, child, plain] = [idOf('box:1'), idOf('child:1'), idOf('plain:1')]
    const taken = { ok: false, error: { code: 'tag-taken', reference: 'child:2', image: child } }
    expect(await tag(plain, 'child:2')).toEqual(taken)
    expect(await tag(plain, 'child:2', boxId)).toEqual(taken)
    expect(await tag(plain, 'child:2', child)).toEqual({ ok: true, value: undefined })
    await waitUntilTagged('child:2', plain)
    // The image that the user saw has lost the tag meanwhile, and no other image has it.
    await engine.docker.getImage('child:2').remove()
    expect(await tag(boxId, 'child:2', plain)).toEqual({ ok: true, value: undefined })
    await waitUntilTagged('child:2', boxId)
    expect(idOf('child:1')).toBe(child)
  })

  test('an image that is gone cannot be tagged, and a refusal by the engine is reported', async () => {
    const gone = `sha256:${'0'.repeat(64)}`
    expect(await tag(gone, 'new:1')).toEqual({ ok: false, error: { code: 'image-gone', image: gone } })
    // 20.10 reads the part before the slash as part of the repository name, which must be lowercase.
    expect(await tag(idOf('box:1'), 'Registry/x:1')).toMatchObject(
      options.version === '20.10' ? { error: { code: 'engine-refused' } } : { ok: true },
    )
  })

  test('images are found by a part of a label’s key and value, in any case, and labels are not sent to the window', async () => {
    const findByLabel = async (...words: string[]) => {
      const answer = await served.calls['images.findByLabel'](words)
      return answer.ok && answer.value.map((ids) => ids.toSorted())
    }
    const [boxId, child] = [idOf('box:1'), idOf('child:1')]
    const both = [boxId, child].toSorted()
    expect(await findByLabel('team red', 'maintainer=', 'stage=child', 'nothing')).toEqual([both, both, [child], []])
    expect(JSON.stringify([served.changes, served.engine.live.snapshot()])).not.toContain('xxxxx')

    // After the new tag, the app has inspected this image. Its labels must be the same as in the list.
    await engine.docker.getImage(boxId).tag({ repo: 'box', tag: 'again' })
    await waitUntilTagged('box:again', boxId)
    expect(await findByLabel('team red', 'stage=child')).toEqual([both, [child]])
  })

  test('the disk usage is the same as in `docker system df`', async () => {
    const container = await engine.docker.createContainer({
      Image: 'box:1',
      Cmd: ['sh', '-c', 'dd if=/dev/zero of=/zeros bs=1000 count=200'],
      HostConfig: { NetworkMode: 'none' },
      Volumes: { '/data': {} },
    })
    await container.start()
    await container.wait()
    const answer = await served.calls['engine.disk'](undefined)
    const usage: DiskUsage = answer.ok ? answer.value : {}
    const lines = execFileSync(`${engine.programs}/docker`, ['system', 'df', '--format', '{{json .}}'], {
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
    })
    const printed = lines.trim().split('\n').map((line) => JSON.parse(line) as { Type: string; TotalCount: string; Size: string }) // prettier-ignore
    const parts = { Images: usage.images, Containers: usage.containers, 'Local Volumes': usage.volumes, 'Build Cache': usage.buildCache } // prettier-ignore
    for (const { Type, TotalCount, Size } of printed) {
      const part = parts[Type as keyof typeof parts]!
      expect([Type, part.count]).toEqual([Type, Number(TotalCount)])
      // Docker prints at most four digits.
      expect(Math.abs(part.bytes - toBytes(Size))).toBeLessThanOrEqual(part.bytes / 1000)
    }
    expect(usage.containers!.bytes).toBeGreaterThan(100_000)
    await container.remove({ v: true })
  })
})

/** Parses a size as docker prints it, such as `1.5MB`. */
function toBytes(size: string): number {
  const [, number, unit] = /^([\d.]+)(\w*B)$/.exec(size) ?? []
  return Number(number) * { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit as 'B' | 'kB' | 'MB' | 'GB']
}
