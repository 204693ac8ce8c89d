import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { likelyLayers } from '../../../model/layers/likelihood.ts'
import { chainIds, LayerSizes, type Anatomy, type HistoryEntry } from '../../../model/layers/sizes.ts'
import { demoImages } from '../../../tools/world/demo.ts'
import { allSteps } from '../../../tools/world/images.ts'
import { layerKey, makesLayer, type Step } from '../../../tools/world/layers.ts'

const entry = (createdBy: string, size = 0): HistoryEntry => ({ createdBy, size })
const image = (id: string, chain: readonly string[], history: readonly HistoryEntry[], total?: number): Anatomy => ({
  id,
  chain,
  history,
  total: total ?? history.reduce((sum, { size }) => sum + size, 0),
})

function sizesOf(images: readonly Anatomy[]) {
  const sizes = new LayerSizes()
  sizes.add(images)
  return sizes
}
function likelyOf(images: readonly Anatomy[], of = images[0]!) {
  return likelyLayers(sizesOf(images), of).map(({ size }) => size)
}
const likelyEntries = (of: Anatomy) => likelyLayers(sizesOf([of]), of).map(({ entry }) => entry)

describe('the likely size of a layer', () => {
  test('is that of the step that makes layers, not that of a setting', () => {
    const one = image(
      '1',
      ['a', 'b', 'c'],
      [entry('COPY x /', 70), entry('ENV a=b'), entry('RUN touch x'), entry('COPY y /', 5)],
    )
    expect(likelyOf([one])).toEqual([70, 0, 5])
    expect(likelyEntries(one)).toEqual([0, 2, 3])
  })

  test.each([
    ['WORKDIR of BuildKit makes a layer', 'WORKDIR /app', 'RUN /bin/sh -c true # buildkit', [0, 0, 5]],
    ['WORKDIR of the classic builder makes one rather than ENV', '/bin/sh -c #(nop) WORKDIR /app', 'ENV a=b', [0, 5]],
    ['WORKDIR / makes none', 'WORKDIR /', '/bin/sh -c touch x', [0, 5]],
  ])('%s', (_, first, second, expected) => {
    const history = [entry(first), entry(second), entry('COPY y /', 5)]
    const chain = expected.map((_, at) => `layer-${at}`)
    expect(likelyOf([image('1', chain, history)])).toEqual(expected)
  })

  test('gives way to the image’s number of layers: after an import with a WORKDIR the first setting makes one', () => {
    const history = [entry('', 70), entry('ENV a=b'), entry('COPY y /', 5), entry('CMD ["x"]')]
    expect(likelyOf([image('1', ['a', 'b', 'c'], history)])).toEqual([70, 0, 5])
  })

  test('gives way to another image that shares the layer', () => {
    const history = [entry('COPY x /', 70), entry('ENV a=b'), entry('COPY y /', 5), entry('/bin/sh -c true')]
    const open = image('1', ['a', 'b', 'c'], history)
    expect(likelyOf([open])).toEqual([70, 5, 0])
    expect(likelyOf([open, image('2', ['a', 'b'], history.slice(0, 2))])).toEqual([70, 0, 5])
    // A doubtful image gives way to one that is less so, too.
    const rather = image('3', ['a', 'b', 'd'], [...history.slice(0, 2), entry('COPY z /', 5), entry('LABEL a=b')])
    expect(likelyOf([open, rather])).toEqual(likelyOf([rather, open]))
  })

  test('is not guessed where no history tells of the layer', () => {
    expect(likelyOf([image('1', ['a', 'b'], [], 30)])).toEqual([undefined, undefined])
    const short = image('1', ['a', 'b', 'c'], [entry('COPY x /', 10)], 30)
    expect(likelyOf([short])).toEqual([10, undefined, undefined])
    expect(likelyEntries(short)).toEqual([0, undefined, undefined])
  })

  test('is not taken from a history that contradicts its image; what it tells is shown all the same', () => {
    const wrong = image('1', ['a', 'b'], [entry('COPY x /', 10), entry('COPY y /', 20)], 5)
    expect(likelyOf([wrong])).toEqual([undefined, undefined])
    expect(likelyEntries(wrong)).toEqual([0, 1])
  })
})

/** The images as the classic store reports them: without the marks that say which steps made no layer. */
function asReported(specs: ReturnType<typeof demoImages>) {
  const truth = new Map<string, number>()
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const sizeOf = ({ bytes = 0, files = {} }: Step) => {
    const contents = Object.values(files).map((file) => (typeof file === 'object' && 'link' in file ? '' : file))
    return Math.max(
      bytes,
      contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0),
    )
  }
  const images = specs.map((spec, at) => {
    const steps = allSteps(spec)
    const layers = steps.filter(makesLayer)
    const chain = chainIds(layers.map(layerKey), sha256)
    chain.forEach((layer, at) => truth.set(layer, sizeOf(layers[at]!)))
    const history = steps.map((step) => entry(step.instruction, makesLayer(step) ? sizeOf(step) : 0))
    return image(String(at), chain, history)
  })
  return { images, truth }
}

test('all open layers of the demo are settled, and truly', () => {
  const { images, truth } = asReported(demoImages())
  const sizes = sizesOf(images)
  const open = [...truth.keys()].filter((layer) => sizes.range(layer).min !== sizes.range(layer).max)
  expect(open.length).toBeGreaterThan(10)
  for (const each of images)
    expect(likelyLayers(sizes, each).map(({ size }) => size)).toEqual(each.chain.map((layer) => truth.get(layer)))
})

const maker = fc.record({
  text: fc.constantFrom(
    'COPY x /',
    'RUN /bin/sh -c make # buildkit',
    '/bin/sh -c make',
    '/bin/sh -c #(nop) ADD f in /',
  ),
  layer: fc.constant(true),
  size: fc.constantFrom(0, 0, 3, 7, 11),
})
const noLayer = fc.record({
  text: fc.constantFrom('ENV a=b', '/bin/sh -c #(nop)  CMD ["x"]', 'LABEL a=b', 'WORKDIR /', 'EXPOSE 80/tcp'),
  layer: fc.constant(false),
  size: fc.constant(0),
})
const workdir = fc.record({
  text: fc.constantFrom('WORKDIR /app', '/bin/sh -c #(nop) WORKDIR /app'),
  layer: fc.constant(true),
  size: fc.constant(0),
})
const unlikely = fc.record({
  text: fc.constantFrom(
    'ENV a=b',
    '/bin/sh -c true',
    '/bin/sh -c #(nop) WORKDIR /app',
    'RUN /bin/sh -c true # buildkit',
  ),
  layer: fc.boolean(),
  size: fc.constant(0),
})
const likelySteps = fc.oneof(maker, noLayer, workdir)
interface Made {
  readonly text: string
  /** Whether the step made a layer. */
  readonly layer: boolean
  readonly size: number
}

/** Images that are built on each other, so that they share layers, with what they really are. */
function forest(step: fc.Arbitrary<Made>) {
  return fc
    .array(fc.record({ base: fc.nat(), of: fc.nat(8), steps: fc.array(step, { maxLength: 6 }) }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((specs) => {
      const truth = new Map<string, number>()
      const images: { chain: string[]; steps: readonly Made[] }[] = []
      specs.forEach(({ base, of, steps }, at) => {
        // Built on the first steps of another one, or on nothing.
        const below = at === 0 || base % 3 === 0 ? [] : images[base % at]!.steps.slice(0, of)
        const chain: string[] = []
        let name = ''
        for (const { text, layer, size } of [...below, ...steps]) {
          name += `/${text} ${layer} ${size}`
          if (!layer) continue
          truth.set(name, size)
          chain.push(name)
        }
        images.push({ chain, steps: [...below, ...steps] })
      })
      const told = images.map(({ chain, steps }, at) =>
        image(
          String(at),
          chain,
          steps.map(({ text, size }) => entry(text, size)),
        ),
      )
      return { truth, images: told }
    })
}

test('the likely size is the true one whenever all steps were likely ones', () => {
  fc.assert(
    fc.property(forest(likelySteps), ({ truth, images }) => {
      const sizes = new LayerSizes()
      for (const each of images) sizes.add([each])
      for (const each of images)
        expect(likelyLayers(sizes, each).map(({ size }) => size)).toEqual(each.chain.map((layer) => truth.get(layer)))
    }),
    { numRuns: 500 },
  )
})

test('the truth and the likely size are within the bounds, and an image’s likely sizes add up to it', () => {
  fc.assert(
    fc.property(forest(fc.oneof(likelySteps, unlikely)), ({ truth, images }) => {
      const sizes = new LayerSizes()
      for (const each of images) sizes.add([each])
      for (const each of images) {
        const likely = likelyLayers(sizes, each)
        each.chain.forEach((layer, at) => {
          const { min, max } = sizes.range(layer)
          for (const size of [truth.get(layer)!, likely[at]!.size!]) {
            expect(size).toBeGreaterThanOrEqual(min)
            expect(size).toBeLessThanOrEqual(max)
          }
        })
        expect(likely.reduce((sum, { size }) => sum + size!, 0)).toBe(each.total)
      }
    }),
    { numRuns: 500 },
  )
})
