import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Container, Image } from '../../../model/image/image.ts'
import {
  planRemoval,
  type Choices,
  type RemovalPlan,
  type RemovalTarget,
  type PlanInput,
} from '../../../model/removal/plan.ts'
import { Sharing } from '../../../model/layers/sharing.ts'

const image = (id: string, references: string[], more: Partial<Image> = {}): Image => ({
  id,
  references,
  digests: [],
  created: 1,
  size: 100,
  ...more,
})
const container = (name: string, of: string, state: Container['state'] = 'exited'): Container => ({
  id: `id-${name}`,
  name,
  image: of,
  state,
  created: 1,
})

/** Each image has a layer of its own of 10 bytes, upon those of its parent. */
function world(images: Image[], containers: Container[] = [], store: PlanInput['store'] = 'classic'): PlanInput {
  const index = new Map(images.map(({ id }, at) => [id, at]))
  const units = ({ id, parent }: Image): number[] => [
    ...(parent && index.has(parent) ? units(images[index.get(parent)!]!) : []),
    index.get(id)!,
  ]
  const parents = new Set(images.map(({ parent }) => parent))
  const sharing = new Sharing()
  sharing.apply({
    from: 0,
    sizes: images.map(() => 10),
    ranges: [],
    gone: [],
    cached: 0,
    images: images.map((image) => ({
      id: image.id,
      size: image.size,
      units: units(image),
      ...(image.references.length + image.digests.length === 0 && parents.has(image.id) && { hidden: true as const }),
    })),
  })
  return {
    images: new Map(images.map((image) => [image.id, image])),
    containers: new Map(containers.map((container) => [container.id, container])),
    sharing,
    store,
  }
}
const exact = (size: number) => ({ min: size, max: size })

describe('a plan', () => {
  test('keeps an image that cannot be read, with all its names, and says why', () => {
    const images = [image('a', ['x:1', 'x:2'], { unreadable: 'blob not found' }), image('b', ['y:1'])]
    const by = { kind: 'unreadable', said: 'blob not found' }
    const whole = planRemoval(world(images), [{ image: 'a' }, { image: 'b' }])
    expect(whole.blocked).toMatchObject([{ image: 'a', references: ['x:1', 'x:2'], by, choices: ['keep'] }])
    expect(whole.deletes.map(({ image }) => image)).toEqual(['b'])
    const tag = planRemoval(world(images), [{ image: 'a', reference: 'x:1' }])
    expect(tag).toMatchObject({ deletes: [], untags: [], blocked: [{ image: 'a', references: ['x:1'], by }] })
    expect(tag.commands).toEqual([])
  })

  test('says that use by containers is not known, and leaves the refusal to the engine', () => {
    const unknown = { ...world([image('a', ['x:1'])]), containersFailure: 'snapshot does not exist' }
    const plan = planRemoval(unknown, [{ image: 'a' }])
    expect(plan.containersFailure).toBe('snapshot does not exist')
    expect(plan.deletes).toMatchObject([{ image: 'a', names: ['x:1'], own: { min: 0, max: 10 } }])
    expect(plan.frees).toEqual({ min: 0, max: 10 })
    expect(planRemoval(world([image('a', ['x:1'])]), [{ image: 'a' }]).containersFailure).toBeUndefined()
  })

  test('takes one tag of several and frees nothing', () => {
    const plan = planRemoval(world([image('a', ['x:1', 'x:2'])]), [{ image: 'a', reference: 'x:1' }])
    expect(plan).toMatchObject({
      deletes: [],
      untags: [{ reference: 'x:1', staysAs: ['x:2'] }],
      frees: exact(0),
      commands: ['docker rmi x:1'],
    })
  })

  test('deletes when all tags are selected, and by id with whatever names there are', () => {
    const of = (...wish: RemovalTarget[]) => planRemoval(world([image('a', ['x:1', 'x:2'])]), wish)
    const both = of({ image: 'a', reference: 'x:2' }, { image: 'a', reference: 'x:1' })
    expect(both).toEqual(of({ image: 'a' }))
    expect(both).toMatchObject({ deletes: [{ image: 'a', own: exact(10), names: ['x:1', 'x:2'] }], untags: [] })
  })

  test('keeps an image that a container uses, with all its names, until something else is chosen', () => {
    const used = world([image('a', ['x:1'])], [container('web', 'a', 'running'), container('old', 'a')])
    const wish = [{ image: 'a' }]
    expect(planRemoval(used, wish)).toMatchObject({
      deletes: [],
      untags: [],
      containers: [],
      frees: exact(0),
      commands: [],
      blocked: [
        { by: { kind: 'container', name: 'web', running: true }, choice: 'keep', choices: ['keep', 'stop-and-remove'] },
        { by: { kind: 'container', name: 'old', running: false }, choice: 'keep', choices: ['keep', 'remove'] },
      ],
    })
    // One of the two still holds it, so the other is left alone as well; and to remove is not to stop.
    expect(planRemoval(used, wish, { 'id-web': 'stop-and-remove' })).toMatchObject({ deletes: [], containers: [] })
    expect(planRemoval(used, wish, { 'id-web': 'remove', 'id-old': 'remove' })).toMatchObject({ containers: [] })
    expect(planRemoval(used, wish, { 'id-web': 'stop-and-remove', 'id-old': 'remove' })).toMatchObject({
      deletes: [{ image: 'a' }],
      frees: exact(10),
      commands: ['docker stop web', 'docker rm web old', 'docker rmi x:1'],
    })
  })

  test('keeps an image that another one was built on, and names that one though a hidden step lies between', () => {
    const steps = world([image('a', ['a:1']), image('s', [], { parent: 'a' }), image('b', ['b:1'], { parent: 's' })])
    expect(planRemoval(steps, [{ image: 'a' }])).toMatchObject({
      deletes: [],
      blocked: [{ image: 'a', by: { kind: 'child', image: 'b', references: ['b:1'] }, choices: ['keep'] }],
    })
  })

  test('goes from children to parents, and names the untagged steps that go along', () => {
    const steps = world([image('a', ['a:1']), image('s', [], { parent: 'a' }), image('b', ['b:1'], { parent: 's' })])
    expect(planRemoval(steps, [{ image: 'a' }, { image: 'b' }])).toMatchObject({
      deletes: [
        { image: 'b', parents: ['s'] },
        { image: 'a', parents: [] },
      ],
      blocked: [],
      frees: exact(30),
      commands: ['docker rmi b:1 a:1'],
    })
  })

  test('says which rows are no longer there', () => {
    const wish = [{ image: 'gone' }, { image: 'a', reference: 'moved:1' }]
    expect(planRemoval(world([image('a', ['a:1'])]), wish)).toMatchObject({ missing: wish, deletes: [], untags: [] })
  })

  test('knows what came from a registry, and offers a copy of what may be nowhere else', () => {
    const pulled = image('a', ['ghcr.io/x/y:1'], { digests: ['ghcr.io/x/y@sha256:0'] })
    const images = [pulled, image('b', ['b:1']), image('c', []), image('d', ['d:1'], { parent: 'b' })]
    const { deletes } = planRemoval(
      world(images),
      images.map(({ id }) => ({ image: id })),
    )
    const of = (id: string) => deletes.find(({ image }) => image === id)
    expect(of('a')).toMatchObject({ provenance: { from: 'registry', registry: 'ghcr.io' }, copy: 'needless' })
    expect(of('b')).toMatchObject({ provenance: { from: 'unknown' }, copy: 'ticked' })
    expect(of('c')).toMatchObject({ provenance: { from: 'unknown' }, copy: 'offered' })
    expect(of('d')).toMatchObject({ provenance: { from: 'built' }, copy: 'ticked' })
    const made = planRemoval(world([pulled], [], 'containerd'), [{ image: 'a' }])
    expect(made.deletes[0]).toMatchObject({ provenance: { from: 'unknown' } })
  })

  test('removes a digest of another repository by its own name', () => {
    const digests = ['a@sha256:0', 'b@sha256:0']
    const { deletes } = planRemoval(world([image('i', ['a:1'], { digests })]), [{ image: 'i' }])
    expect(deletes[0]!.names).toEqual(['a:1', 'b@sha256:0'])
  })
})

/** What the classic store does when it removes the plan's names one after another, without force. */
function carriedOut({ images, containers }: PlanInput, plan: RemovalPlan) {
  const left = new Map([...images].map(([id, image]) => [id, { ...image, names: new Set(namesOf(image)) }]))
  const used = new Map(containers)
  for (const { id } of plan.containers) used.delete(id)
  const isUsed = (id: string) => [...used.values()].some((container) => container.image === id)
  const isParent = (id: string) => [...left.values()].some(({ parent }) => parent === id)
  function drop(id: string) {
    const parent = left.get(id)!.parent
    left.delete(id)
    const above = parent === undefined ? undefined : left.get(parent)
    if (above && above.names.size === 0 && !isParent(above.id) && !isUsed(above.id)) drop(above.id)
  }
  for (const name of [
    ...plan.untags.map(({ reference }) => reference),
    ...plan.deletes.flatMap(({ names }) => names),
  ]) {
    const image = left.get(name) ?? [...left.values()].find(({ names }) => names.has(name))
    expect(image).toBeDefined()
    if (image!.id !== name) {
      image!.names.delete(name)
      const repository = name.split(/[:@]/)[0]
      if (![...image!.names].some((other) => other.startsWith(`${repository}:`)))
        for (const other of image!.names) if (other.startsWith(`${repository}@`)) image!.names.delete(other)
      if (image!.names.size > 0 || isParent(image!.id)) continue
    }
    expect(isParent(image!.id) || isUsed(image!.id) || image!.names.size > 0).toBe(false)
    drop(image!.id)
  }
  return left
}
const without = <T>(all: ReadonlySet<T>, taken: ReadonlySet<T>) => [...all].filter((one) => !taken.has(one))
const namesOf = ({ references, digests }: Image) => [...references, ...digests]

const worlds = fc
  .array(
    fc.record({
      tags: fc.nat(3),
      digest: fc.constantFrom('', '', 'a', 'other'),
      parent: fc.option(fc.nat(6)),
      users: fc.array(fc.constantFrom<Container['state']>('running', 'exited', 'created', 'paused'), { maxLength: 2 }),
      bare: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((made) => {
    const images = made.map(({ tags, digest, parent }, at) =>
      image(
        `i${at}`,
        Array.from({ length: tags }, (_, tag) => `${tag === 2 ? 'b' : 'a'}:${at}-${tag}`),
        {
          digests: digest ? [`${digest}@sha256:${at}`] : [],
          ...(parent !== null && parent < at && { parent: `i${parent}` }),
        },
      ),
    )
    const containers = made.flatMap(({ users, bare }, at) =>
      bare > 0 ? [] : users.map((state, n) => container(`c${at}-${n}`, `i${at}`, state)),
    )
    return { images, containers }
  })
const wishes = fc.array(fc.tuple(fc.nat(8), fc.option(fc.nat(2))), { maxLength: 10 })
const choose = fc.array(fc.constantFrom('keep', 'remove', 'stop-and-remove'), { minLength: 18, maxLength: 18 })

test('in any world a plan comes true: what it names goes, nothing else does, and no step is refused', () => {
  fc.assert(
    fc.property(worlds, wishes, choose, ({ images, containers }, rows, chosen) => {
      const now = world(images, containers)
      const wish = rows.flatMap(([at, tag]): RemovalTarget[] => {
        const wished = images[at % images.length]!
        return [{ image: wished.id, reference: tag === null ? undefined : wished.references[tag % 3] }]
      })
      const choices = Object.fromEntries(containers.map(({ id }, at) => [id, chosen[at % 18]!])) as Choices
      const plan = planRemoval(now, wish, choices)
      const left = carriedOut(now, plan)

      const named = new Set(plan.deletes.flatMap(({ image, parents }) => [image, ...parents]))
      expect(new Set(images.map(({ id }) => id).filter((id) => !left.has(id)))).toEqual(named)
      const untagged = new Set(plan.untags.map(({ reference }) => reference))
      for (const { id, references } of left.values())
        expect(references.filter((name) => !left.get(id)!.names.has(name))).toEqual(
          references.filter((name) => untagged.has(name)),
        )

      const wished = new Set(wish.map((row) => row.image))
      expect(plan.deletes.every(({ image }) => wished.has(image))).toBe(true)
      for (const { image, by } of plan.blocked) {
        expect(wished.has(image)).toBe(true)
        // Every blocker is there: a container of this very image, or an image that stays.
        const there =
          by.kind === 'container'
            ? now.containers.get(by.id)?.image === image
            : by.kind === 'child' && left.has(by.image)
        expect(there).toBe(true)
      }
      // Each image that was selected as a whole is either deleted or blocked by something.
      for (const row of wish.filter(({ reference }) => reference === undefined))
        expect(
          named.has(row.image) || plan.blocked.some(({ image, choice }) => image === row.image && choice === 'keep'),
        ).toBe(true)

      const held = new Set([...now.containers.values()].map(({ image }) => image))
      for (const { image } of plan.containers) held.delete(image)
      const layers = (ids: Iterable<string>): Set<string> =>
        new Set(
          [...ids].flatMap((id) => [id, ...layers([images.find((image) => image.id === id)?.parent ?? []].flat())]),
        )
      const before = layers([...images.map(({ id }) => id)])
      const bytes = 10 * without(before, layers([...left.keys(), ...held])).length
      expect(plan.frees).toEqual(exact(bytes))
      const rowsSum = plan.deletes.reduce((sum, { own }) => sum + own.min, plan.sharedAmongDeleted.min)
      expect(rowsSum).toBe(bytes)
    }),
    { numRuns: 1000 },
  )
})
