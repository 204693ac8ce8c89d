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

const image = (id: string, references: string[], overrides: Partial<Image> = {}): Image => ({
  id,
  references,
  digests: [],
  created: 1,
  size: 100,
  ...overrides,
})
const container = (name: string, image: string, state: Container['state'] = 'exited'): Container => ({
  id: `id-${name}`,
  name,
  image,
  state,
  created: 1,
})

/** Images that each have one layer of 10 bytes on top of the layers of their parent, and containers. */
function createWorld(images: Image[], containers: Container[] = [], store: PlanInput['store'] = 'classic'): PlanInput {
  const index = new Map(images.map(({ id }, position) => [id, position]))
  const unitsOf = ({ id, parent }: Image): number[] => [
    ...(parent && index.has(parent) ? unitsOf(images[index.get(parent)!]!) : []),
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
      units: unitsOf(image),
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
    const blocker = { kind: 'unreadable', detail: 'blob not found' }
    const plan = planRemoval(createWorld(images), [{ image: 'a' }, { image: 'b' }])
    expect(plan.blocked).toMatchObject([{ image: 'a', references: ['x:1', 'x:2'], blocker, choices: ['keep'] }])
    expect(plan.deletes.map(({ image }) => image)).toEqual(['b'])
    const tagPlan = planRemoval(createWorld(images), [{ image: 'a', reference: 'x:1' }])
    expect(tagPlan).toMatchObject({ deletes: [], untags: [], blocked: [{ image: 'a', references: ['x:1'], blocker }] })
    expect(tagPlan.commands).toEqual([])
  })

  test('says if it is unknown which images containers use, and still lists the selected images for deletion', () => {
    const withoutContainers = { ...createWorld([image('a', ['x:1'])]), containersFailure: 'snapshot does not exist' }
    const plan = planRemoval(withoutContainers, [{ image: 'a' }])
    expect(plan.containersFailure).toBe('snapshot does not exist')
    expect(plan.deletes).toMatchObject([{ image: 'a', names: ['x:1'], ownBytes: { min: 0, max: 10 } }])
    expect(plan.frees).toEqual({ min: 0, max: 10 })
    expect(planRemoval(createWorld([image('a', ['x:1'])]), [{ image: 'a' }]).containersFailure).toBeUndefined()
  })

  test('untags one tag of several, and frees nothing', () => {
    const plan = planRemoval(createWorld([image('a', ['x:1', 'x:2'])]), [{ image: 'a', reference: 'x:1' }])
    expect(plan).toMatchObject({
      deletes: [],
      untags: [{ reference: 'x:1', staysAs: ['x:2'] }],
      frees: exact(0),
      commands: ['docker rmi x:1'],
    })
  })

  test('deletes an image if all its tags are selected, as if the image itself were selected', () => {
    const planFor = (...targets: RemovalTarget[]) => planRemoval(createWorld([image('a', ['x:1', 'x:2'])]), targets)
    const planOfBothTags = planFor({ image: 'a', reference: 'x:2' }, { image: 'a', reference: 'x:1' })
    expect(planOfBothTags).toEqual(planFor({ image: 'a' }))
    expect(planOfBothTags).toMatchObject({
      deletes: [{ image: 'a', ownBytes: exact(10), names: ['x:1', 'x:2'] }],
      untags: [],
    })
  })

  test('keeps an image that a container uses, with all its names, until something else is chosen', () => {
    const world = createWorld([image('a', ['x:1'])], [container('web', 'a', 'running'), container('old', 'a')])
    const targets = [{ image: 'a' }]
    expect(planRemoval(world, targets)).toMatchObject({
      deletes: [],
      untags: [],
      containers: [],
      frees: exact(0),
      commands: [],
      blocked: [
        {
          blocker: { kind: 'container', name: 'web', running: true },
          choice: 'keep',
          choices: ['keep', 'stop-and-remove'],
        },
        { blocker: { kind: 'container', name: 'old', running: false }, choice: 'keep', choices: ['keep', 'remove'] },
      ],
    })
    // If one container still uses the image, the other is kept too. `remove` does not stop a running container.
    expect(planRemoval(world, targets, { 'id-web': 'stop-and-remove' })).toMatchObject({ deletes: [], containers: [] })
    expect(planRemoval(world, targets, { 'id-web': 'remove', 'id-old': 'remove' })).toMatchObject({ containers: [] })
    expect(planRemoval(world, targets, { 'id-web': 'stop-and-remove', 'id-old': 'remove' })).toMatchObject({
      deletes: [{ image: 'a' }],
      frees: exact(10),
      commands: ['docker stop web', 'docker rm web old', 'docker rmi x:1'],
    })
  })

  test('keeps an image that another was built on, and names the other even if a hidden build step lies between them', () => {
    const world = createWorld([
      image('a', ['a:1']),
      image('s', [], { parent: 'a' }),
      image('b', ['b:1'], { parent: 's' }),
    ])
    expect(planRemoval(world, [{ image: 'a' }])).toMatchObject({
      deletes: [],
      blocked: [{ image: 'a', blocker: { kind: 'child', image: 'b', references: ['b:1'] }, choices: ['keep'] }],
    })
  })

  test('deletes children before parents, and names the untagged build steps that are deleted with them', () => {
    const world = createWorld([
      image('a', ['a:1']),
      image('s', [], { parent: 'a' }),
      image('b', ['b:1'], { parent: 's' }),
    ])
    expect(planRemoval(world, [{ image: 'a' }, { image: 'b' }])).toMatchObject({
      deletes: [
        { image: 'b', parents: ['s'] },
        { image: 'a', parents: [] },
      ],
      blocked: [],
      frees: exact(30),
      commands: ['docker rmi b:1 a:1'],
    })
  })

  test('lists the targets that no longer exist', () => {
    const targets = [{ image: 'gone' }, { image: 'a', reference: 'moved:1' }]
    expect(planRemoval(createWorld([image('a', ['a:1'])]), targets)).toMatchObject({
      missing: targets,
      deletes: [],
      untags: [],
    })
  })

  test('says which images came from a registry, and offers copies of the others', () => {
    const pulled = image('a', ['ghcr.io/x/y:1'], { digests: ['ghcr.io/x/y@sha256:0'] })
    const images = [pulled, image('b', ['b:1']), image('c', []), image('d', ['d:1'], { parent: 'b' })]
    const { deletes } = planRemoval(
      createWorld(images),
      images.map(({ id }) => ({ image: id })),
    )
    const deletionOf = (id: string) => deletes.find(({ image }) => image === id)
    expect(deletionOf('a')).toMatchObject({ provenance: { from: 'registry', registry: 'ghcr.io' }, copy: 'unneeded' })
    expect(deletionOf('b')).toMatchObject({ provenance: { from: 'unknown' }, copy: 'preselected' })
    expect(deletionOf('c')).toMatchObject({ provenance: { from: 'unknown' }, copy: 'offered' })
    expect(deletionOf('d')).toMatchObject({ provenance: { from: 'built' }, copy: 'preselected' })
    const containerdPlan = planRemoval(createWorld([pulled], [], 'containerd'), [{ image: 'a' }])
    expect(containerdPlan.deletes[0]).toMatchObject({ provenance: { from: 'unknown' } })
  })

  test('removes a digest by name if its repository has no tag', () => {
    const digests = ['a@sha256:0', 'b@sha256:0']
    const { deletes } = planRemoval(createWorld([image('i', ['a:1'], { digests })]), [{ image: 'i' }])
    expect(deletes[0]!.names).toEqual(['a:1', 'b@sha256:0'])
  })
})

/** Removes the plan's names one by one as the classic store does without force. @returns the images that remain */
function simulateRemoval({ images, containers }: PlanInput, plan: RemovalPlan) {
  const remaining = new Map([...images].map(([id, image]) => [id, { ...image, names: new Set(namesOf(image)) }]))
  const remainingContainers = new Map(containers)
  for (const { id } of plan.containers) remainingContainers.delete(id)
  const isUsed = (id: string) => [...remainingContainers.values()].some((container) => container.image === id)
  const isParent = (id: string) => [...remaining.values()].some(({ parent }) => parent === id)
  function removeImage(id: string) {
    const parent = remaining.get(id)!.parent
    remaining.delete(id)
    const parentImage = parent === undefined ? undefined : remaining.get(parent)
    if (parentImage && parentImage.names.size === 0 && !isParent(parentImage.id) && !isUsed(parentImage.id))
      removeImage(parentImage.id)
  }
  for (const name of [
    ...plan.untags.map(({ reference }) => reference),
    ...plan.deletes.flatMap(({ names }) => names),
  ]) {
    const image = remaining.get(name) ?? [...remaining.values()].find(({ names }) => names.has(name))
    expect(image).toBeDefined()
    if (image!.id !== name) {
      image!.names.delete(name)
      const repository = name.split(/[:@]/)[0]
      if (![...image!.names].some((other) => other.startsWith(`${repository}:`)))
        for (const other of image!.names) if (other.startsWith(`${repository}@`)) image!.names.delete(other)
      if (image!.names.size > 0 || isParent(image!.id)) continue
    }
    expect(isParent(image!.id) || isUsed(image!.id) || image!.names.size > 0).toBe(false)
    removeImage(image!.id)
  }
  return remaining
}
const difference = <T>(all: ReadonlySet<T>, excluded: ReadonlySet<T>) => [...all].filter((item) => !excluded.has(item))
const namesOf = ({ references, digests }: Image) => [...references, ...digests]

const worlds = fc
  .array(
    fc.record({
      tags: fc.nat(3),
      digest: fc.constantFrom('', '', 'a', 'other'),
      parent: fc.option(fc.nat(6)),
      containerStates: fc.array(fc.constantFrom<Container['state']>('running', 'exited', 'created', 'paused'), {
        maxLength: 2,
      }),
      unused: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((specs) => {
    const images = specs.map(({ tags, digest, parent }, position) =>
      image(
        `i${position}`,
        Array.from({ length: tags }, (_, tag) => `${tag === 2 ? 'b' : 'a'}:${position}-${tag}`),
        {
          digests: digest ? [`${digest}@sha256:${position}`] : [],
          ...(parent !== null && parent < position && { parent: `i${parent}` }),
        },
      ),
    )
    const containers = specs.flatMap(({ containerStates, unused }, position) =>
      unused > 0
        ? []
        : containerStates.map((state, number) => container(`c${position}-${number}`, `i${position}`, state)),
    )
    return { images, containers }
  })
const targetPicks = fc.array(fc.tuple(fc.nat(8), fc.option(fc.nat(2))), { maxLength: 10 })
const choiceLists = fc.array(fc.constantFrom('keep', 'remove', 'stop-and-remove'), { minLength: 18, maxLength: 18 })

test('with any images and containers, a plan removes exactly what it names, and no step is refused', () => {
  fc.assert(
    fc.property(worlds, targetPicks, choiceLists, ({ images, containers }, picks, choiceList) => {
      const world = createWorld(images, containers)
      const targets = picks.flatMap(([position, tag]): RemovalTarget[] => {
        const selectedImage = images[position % images.length]!
        return [{ image: selectedImage.id, reference: tag === null ? undefined : selectedImage.references[tag % 3] }]
      })
      const choices = Object.fromEntries(
        containers.map(({ id }, position) => [id, choiceList[position % 18]!]),
      ) as Choices
      const plan = planRemoval(world, targets, choices)
      const remaining = simulateRemoval(world, plan)

      const namedImages = new Set(plan.deletes.flatMap(({ image, parents }) => [image, ...parents]))
      expect(new Set(images.map(({ id }) => id).filter((id) => !remaining.has(id)))).toEqual(namedImages)
      const untagged = new Set(plan.untags.map(({ reference }) => reference))
      for (const { id, references } of remaining.values())
        expect(references.filter((name) => !remaining.get(id)!.names.has(name))).toEqual(
          references.filter((name) => untagged.has(name)),
        )

      const selected = new Set(targets.map((row) => row.image))
      expect(plan.deletes.every(({ image }) => selected.has(image))).toBe(true)
      for (const { image, blocker } of plan.blocked) {
        expect(selected.has(image)).toBe(true)
        // Every blocker exists: a container of this image, or an image that stays.
        const blockerExists =
          blocker.kind === 'container'
            ? world.containers.get(blocker.id)?.image === image
            : blocker.kind === 'child' && remaining.has(blocker.image)
        expect(blockerExists).toBe(true)
      }
      // Each image that was selected without a tag is either deleted or blocked.
      for (const row of targets.filter(({ reference }) => reference === undefined))
        expect(
          namedImages.has(row.image) ||
            plan.blocked.some(({ image, choice }) => image === row.image && choice === 'keep'),
        ).toBe(true)

      const inUse = new Set([...world.containers.values()].map(({ image }) => image))
      for (const { image } of plan.containers) inUse.delete(image)
      const layersOf = (ids: Iterable<string>): Set<string> =>
        new Set(
          [...ids].flatMap((id) => [id, ...layersOf([images.find((image) => image.id === id)?.parent ?? []].flat())]),
        )
      const before = layersOf([...images.map(({ id }) => id)])
      const bytes = 10 * difference(before, layersOf([...remaining.keys(), ...inUse])).length
      expect(plan.frees).toEqual(exact(bytes))
      const rowsSum = plan.deletes.reduce((sum, { ownBytes }) => sum + ownBytes.min, plan.sharedAmongDeleted.min)
      expect(rowsSum).toBe(bytes)
    }),
    { numRuns: 1000 },
  )
})
