import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSetting, parseInstruction } from '../../../model/layers/instruction.ts'
import { chainIds, emptyLayer, LayerSizes, type ImageLayers, type HistoryEntry } from '../../../model/layers/sizes.ts'

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const layerEntry = (size: number): HistoryEntry => ({ createdBy: 'COPY x /', size })
const zeroSizeEntry: HistoryEntry = { createdBy: 'ENV a=b', size: 0 }
const image = (id: string, chain: string[], history: HistoryEntry[], total?: number): ImageLayers => ({
  id,
  chain,
  history,
  total: total ?? history.reduce((sum, { size }) => sum + size, 0),
})
const exact = (size: number) => ({ min: size, max: size })

function rangesIn(...images: ImageLayers[]) {
  const sizes = new LayerSizes()
  sizes.add(images)
  return (...layers: string[]) => layers.map((name) => sizes.range(name))
}

describe('layer ids', () => {
  test('chain ids follow the OCI specification', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(sha256) as [string, string, string]
    expect(chainIds([a, b, c], sha256)).toEqual([a, sha256(`${a} ${b}`), sha256(`${sha256(`${a} ${b}`)} ${c}`)])
    expect(chainIds([], sha256)).toEqual([])
  })

  test('the empty layer has the digest of an empty tar', () => {
    expect(emptyLayer).toBe(`sha256:${createHash('sha256').update(Buffer.alloc(1024)).digest('hex')}`)
  })
})

describe('the sizes of layers', () => {
  test('follow from an unambiguous history', () => {
    expect(
      rangesIn(image('1', ['a', 'b'], [layerEntry(70), zeroSizeEntry, layerEntry(5), zeroSizeEntry]))('a', 'b'),
    ).toEqual([exact(70), exact(5)])
  })

  test('stay a range if an entry of size 0 may or may not have created a layer', () => {
    expect(
      rangesIn(image('1', ['a', 'b', 'c'], [layerEntry(70), zeroSizeEntry, layerEntry(5), zeroSizeEntry]))(
        'a',
        'b',
        'c',
      ),
    ).toEqual([exact(70), { min: 0, max: 5 }, { min: 0, max: 5 }])
  })

  test('are determined by another image that shares the layer, whichever is read first', () => {
    const ambiguous = image('1', ['a', 'b', 'c'], [layerEntry(70), zeroSizeEntry, layerEntry(5), zeroSizeEntry])
    const unambiguous = image('2', ['a', 'b'], [layerEntry(70), zeroSizeEntry])
    for (const order of [
      [ambiguous, unambiguous],
      [unambiguous, ambiguous],
    ])
      expect(rangesIn(...order)('a', 'b', 'c')).toEqual([exact(70), exact(0), exact(5)])
  })

  test('are exact if the engine says which entries created no layer', () => {
    const history = [
      layerEntry(70),
      { ...zeroSizeEntry, empty: false },
      layerEntry(5),
      { ...zeroSizeEntry, empty: true },
    ]
    expect(rangesIn(image('1', ['a', 'b', 'c'], history))('b', 'c')).toEqual([exact(0), exact(5)])
  })

  test('are bounded by the size of the image if there is no history', () => {
    expect(rangesIn(image('1', ['a', 'b'], [], 30))('a', 'b')).toEqual([
      { min: 0, max: 30 },
      { min: 0, max: 30 },
    ])
    expect(rangesIn(image('1', ['a'], [], 30))('a')).toEqual([exact(30)])
  })

  test('follow from the total for a layer that has no history entry', () => {
    expect(rangesIn(image('1', ['a', 'b'], [layerEntry(10)], 30))('a', 'b')).toEqual([exact(10), exact(20)])
  })

  test('are not taken from a history that adds up to more than the image', () => {
    expect(rangesIn(image('1', ['a'], [layerEntry(10), layerEntry(20)], 10))('a')).toEqual([exact(10)])
    expect(rangesIn(image('1', ['a', 'b'], [layerEntry(10), layerEntry(20)], 5))('a', 'b')).toEqual([
      { min: 0, max: 5 },
      { min: 0, max: 5 },
    ])
  })

  test('are ranges that always include the true size, whatever layers the images share', () => {
    const steps = fc.array(
      fc.record({
        name: fc.constantFrom('p', 'q', 'r'),
        size: fc.constantFrom(0, 0, 0, 3, 7),
        settingCount: fc.nat(2),
      }),
      { maxLength: 7 },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(steps, fc.constantFrom('true', 'true', 'true', 'none', 'short'))), (specs) => {
        const trueSizes = new Map<string, number>()
        const images = specs.map(([steps, historyKind], index): ImageLayers => {
          let name = ''
          const chain: string[] = []
          const history: HistoryEntry[] = []
          for (const step of steps) {
            // The same step on the same parents is the same layer, so it has the same size.
            name += `/${step.name}`
            const size = trueSizes.get(name) ?? step.size
            trueSizes.set(name, size)
            chain.push(name)
            history.push(layerEntry(size), ...Array.from({ length: step.settingCount }, () => zeroSizeEntry))
          }
          const total = chain.reduce((sum, layer) => sum + trueSizes.get(layer)!, 0)
          const last = history.findLastIndex(({ createdBy, size }) => createdBy.startsWith('COPY') && size > 0)
          const short = last >= 0 ? history.slice(0, last) : history
          return image(String(index), chain, { true: history, none: [], short }[historyKind], total)
        })
        const sizes = new LayerSizes()
        for (const image of images) sizes.add([image])
        for (const [layer, size] of trueSizes) {
          const { min, max } = sizes.range(layer)
          expect(min).toBeLessThanOrEqual(size)
          expect(max).toBeGreaterThanOrEqual(size)
        }
      }),
    )
  })
})

describe('an instruction', () => {
  test.each([
    ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD', '["bash"]'],
    ['/bin/sh -c #(nop) ADD file:0c1f in / ', 'ADD', 'file:0c1f in /'],
    ['/bin/sh -c apt-get update && apt-get install -y curl', 'RUN', 'apt-get update && apt-get install -y curl'],
    ['RUN /bin/sh -c make all # buildkit', 'RUN', 'make all'],
    ['RUN /bin/bash -o pipefail -c make | tee log # buildkit', 'RUN', 'make | tee log'],
    ['RUN |2 VERSION=1 NAME=a b /bin/sh -c echo $NAME # buildkit', 'RUN', 'echo $NAME'],
    ['|1 VERSION=1 /bin/sh -c echo $VERSION', 'RUN', 'echo $VERSION'],
    ['COPY hello / # buildkit', 'COPY', 'hello /'],
    ['WORKDIR /app', 'WORKDIR', '/app'],
    ['/bin/sh -c #(nop) WORKDIR /app', 'WORKDIR', '/app'],
    ['cmd /S /C #(nop) USER app', 'USER', 'app'],
    ['cmd /S /C dir', 'RUN', 'dir'],
    ['sleep 60', 'RUN', 'sleep 60'],
    ["# debian.sh --arch 'amd64' out/ 'bookworm'", '', "# debian.sh --arch 'amd64' out/ 'bookworm'"],
    ['', '', ''],
  ])('is parsed from %j', (createdBy, verb, text) => {
    expect(parseInstruction(createdBy)).toEqual({ verb, text })
  })

  test('is a setting if it only changes the configuration', () => {
    expect(['ENV a=b', '/bin/sh -c #(nop)  LABEL a=b', 'EXPOSE 80'].map(parseInstruction).every(isSetting)).toBe(true)
    expect(['WORKDIR /app', 'COPY a b', 'RUN x', ''].map(parseInstruction).some(isSetting)).toBe(false)
  })
})
