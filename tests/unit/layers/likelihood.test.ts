import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { likelyLayers } from '../../../model/layers/likelihood.ts'
import { chainIds, LayerSizes, type ImageLayers, type HistoryEntry } from '../../../model/layers/sizes.ts'
import { demoImages } from '../../../tools/world/demo.ts'
import { allSteps } from '../../../tools/world/images.ts'
import { layerKey, makesLayer, type Step } from '../../../tools/world/layers.ts'

const entry = (createdBy: string, size = 0): HistoryEntry => ({ createdBy, size })
const image = (
  id: string,
  chain: readonly string[],
  history: readonly HistoryEntry[],
  total?: number,
): ImageLayers => ({
  id,
  chain,
  history,
  total: total ?? history.reduce((sum, { size }) => sum + size, 0),
})

function sizesOf(images: readonly ImageLayers[]) {
  const sizes = new LayerSizes()
  sizes.add(images)
  return sizes
}
function likelySizes(images: readonly ImageLayers[], imageLayers = images[0]!) {
  return likelyLayers(sizesOf(images), imageLayers).map(({ size }) => size)
}
const likelyEntries = (imageLayers: ImageLayers) =>
  likelyLayers(sizesOf([imageLayers]), imageLayers).map(({ entry }) => entry)

describe('the likely size of a layer', () => {
  test('is the size of an instruction that creates a layer, not of a setting', () => {
    const built = image(
      '1',
      ['a', 'b', 'c'],
      [entry('COPY x /', 70), entry('ENV a=b'), entry('RUN touch x'), entry('COPY y /', 5)],
    )
    expect(likelySizes([built])).toEqual([70, 0, 5])
    expect(likelyEntries(built)).toEqual([0, 2, 3])
  })

  test.each([
    ['BuildKit’s WORKDIR creates a layer', 'WORKDIR /app', 'RUN /bin/sh -c true # buildkit', [0, 0, 5]],
    [
      'the classic builder’s WORKDIR is more likely to create a layer than ENV',
      '/bin/sh -c #(nop) WORKDIR /app',
      'ENV a=b',
      [0, 5],
    ],
    ['WORKDIR / creates no layer', 'WORKDIR /', '/bin/sh -c touch x', [0, 5]],
  ])('%s', (_, first, second, expected) => {
    const history = [entry(first), entry(second), entry('COPY y /', 5)]
    const chain = expected.map((_, index) => `layer-${index}`)
    expect(likelySizes([image('1', chain, history)])).toEqual(expected)
  })

  test('fits the number of layers: if other entries create too few, the first setting after an import counts as a layer', () => {
    const history = [entry('', 70), entry('ENV a=b'), entry('COPY y /', 5), entry('CMD ["x"]')]
    expect(likelySizes([image('1', ['a', 'b', 'c'], history)])).toEqual([70, 0, 5])
  })

  test('takes into account another image that shares the layer', () => {
    const history = [entry('COPY x /', 70), entry('ENV a=b'), entry('COPY y /', 5), entry('/bin/sh -c true')]
    const ambiguous = image('1', ['a', 'b', 'c'], history)
    expect(likelySizes([ambiguous])).toEqual([70, 5, 0])
    expect(likelySizes([ambiguous, image('2', ['a', 'b'], history.slice(0, 2))])).toEqual([70, 0, 5])
    // The sizes of an ambiguous image also follow those of a less ambiguous one, so both images have the same sizes.
    const lessAmbiguous = image(
      '3',
      ['a', 'b', 'd'],
      [...history.slice(0, 2), entry('COPY z /', 5), entry('LABEL a=b')],
    )
    expect(likelySizes([ambiguous, lessAmbiguous])).toEqual(likelySizes([lessAmbiguous, ambiguous]))
  })

  test('is undefined if no history entry belongs to the layer', () => {
    expect(likelySizes([image('1', ['a', 'b'], [], 30)])).toEqual([undefined, undefined])
    const short = image('1', ['a', 'b', 'c'], [entry('COPY x /', 10)], 30)
    expect(likelySizes([short])).toEqual([10, undefined, undefined])
    expect(likelyEntries(short)).toEqual([0, undefined, undefined])
  })

  test('is undefined if the history adds up to more than the image, though each layer still has its history entry', () => {
    const contradictory = image('1', ['a', 'b'], [entry('COPY x /', 10), entry('COPY y /', 20)], 5)
    expect(likelySizes([contradictory])).toEqual([undefined, undefined])
    expect(likelyEntries(contradictory)).toEqual([0, 1])
  })
})

/** The images as the classic store reports them: without `empty`, which marks the steps that created no layer. */
function reportAsClassic(specs: ReturnType<typeof demoImages>) {
  const trueSizes = new Map<string, number>()
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const sizeOf = ({ bytes = 0, files = {} }: Step) => {
    const contents = Object.values(files).map((file) => (typeof file === 'object' && 'link' in file ? '' : file))
    return Math.max(
      bytes,
      contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0),
    )
  }
  const images = specs.map((spec, index) => {
    const steps = allSteps(spec)
    const layers = steps.filter(makesLayer)
    const chain = chainIds(layers.map(layerKey), sha256)
    chain.forEach((layer, index) => trueSizes.set(layer, sizeOf(layers[index]!)))
    const history = steps.map((step) => entry(step.instruction, makesLayer(step) ? sizeOf(step) : 0))
    return image(String(index), chain, history)
  })
  return { images, trueSizes }
}

test('all layers of the demo images get their true size, even if only a range is certain', () => {
  const { images, trueSizes } = reportAsClassic(demoImages())
  const sizes = sizesOf(images)
  const ambiguous = [...trueSizes.keys()].filter((layer) => sizes.range(layer).min !== sizes.range(layer).max)
  expect(ambiguous.length).toBeGreaterThan(10)
  for (const imageLayers of images)
    expect(likelyLayers(sizes, imageLayers).map(({ size }) => size)).toEqual(
      imageLayers.chain.map((layer) => trueSizes.get(layer)),
    )
})

const layerSteps = fc.record({
  text: fc.constantFrom(
    'COPY x /',
    'RUN /bin/sh -c make # buildkit',
    '/bin/sh -c make',
    '/bin/sh -c #(nop) ADD f in /',
  ),
  createsLayer: fc.constant(true),
  size: fc.constantFrom(0, 0, 3, 7, 11),
})
const settingSteps = fc.record({
  text: fc.constantFrom('ENV a=b', '/bin/sh -c #(nop)  CMD ["x"]', 'LABEL a=b', 'WORKDIR /', 'EXPOSE 80/tcp'),
  createsLayer: fc.constant(false),
  size: fc.constant(0),
})
const workdirSteps = fc.record({
  text: fc.constantFrom('WORKDIR /app', '/bin/sh -c #(nop) WORKDIR /app'),
  createsLayer: fc.constant(true),
  size: fc.constant(0),
})
const unlikelySteps = fc.record({
  text: fc.constantFrom(
    'ENV a=b',
    '/bin/sh -c true',
    '/bin/sh -c #(nop) WORKDIR /app',
    'RUN /bin/sh -c true # buildkit',
  ),
  createsLayer: fc.boolean(),
  size: fc.constant(0),
})
const likelySteps = fc.oneof(layerSteps, settingSteps, workdirSteps)
interface BuildStep {
  readonly text: string
  readonly createsLayer: boolean
  readonly size: number
}

/** Images that are built on each other, so that they share layers, and the true size of each layer. */
function imageForest(step: fc.Arbitrary<BuildStep>) {
  return fc
    .array(fc.record({ base: fc.nat(), baseStepCount: fc.nat(8), steps: fc.array(step, { maxLength: 6 }) }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((specs) => {
      const trueSizes = new Map<string, number>()
      const images: { chain: string[]; steps: readonly BuildStep[] }[] = []
      specs.forEach(({ base, baseStepCount, steps }, index) => {
        // Built on the first steps of an earlier image, or from scratch.
        const baseSteps = index === 0 || base % 3 === 0 ? [] : images[base % index]!.steps.slice(0, baseStepCount)
        const chain: string[] = []
        let name = ''
        for (const { text, createsLayer, size } of [...baseSteps, ...steps]) {
          name += `/${text} ${createsLayer} ${size}`
          if (!createsLayer) continue
          trueSizes.set(name, size)
          chain.push(name)
        }
        images.push({ chain, steps: [...baseSteps, ...steps] })
      })
      const reported = images.map(({ chain, steps }, index) =>
        image(
          String(index),
          chain,
          steps.map(({ text, size }) => entry(text, size)),
        ),
      )
      return { trueSizes, images: reported }
    })
}

test('the likely size is the true size if all steps are likely', () => {
  fc.assert(
    fc.property(imageForest(likelySteps), ({ trueSizes, images }) => {
      const sizes = new LayerSizes()
      for (const imageLayers of images) sizes.add([imageLayers])
      for (const imageLayers of images)
        expect(likelyLayers(sizes, imageLayers).map(({ size }) => size)).toEqual(
          imageLayers.chain.map((layer) => trueSizes.get(layer)),
        )
    }),
    { numRuns: 500 },
  )
})

test('the true and the likely size are within the range, and the likely sizes of an image add up to its total', () => {
  fc.assert(
    fc.property(imageForest(fc.oneof(likelySteps, unlikelySteps)), ({ trueSizes, images }) => {
      const sizes = new LayerSizes()
      for (const imageLayers of images) sizes.add([imageLayers])
      for (const imageLayers of images) {
        const likely = likelyLayers(sizes, imageLayers)
        imageLayers.chain.forEach((layer, index) => {
          const { min, max } = sizes.range(layer)
          for (const size of [trueSizes.get(layer)!, likely[index]!.size!]) {
            expect(size).toBeGreaterThanOrEqual(min)
            expect(size).toBeLessThanOrEqual(max)
          }
        })
        expect(likely.reduce((sum, { size }) => sum + size!, 0)).toBe(imageLayers.total)
      }
    }),
    { numRuns: 500 },
  )
})
