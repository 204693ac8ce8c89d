import * as v from 'valibot'
import { expect, test } from 'vitest'
import { imageId } from '../../../preload/contract/ids.ts'
import { calls } from '../../../preload/contract/index.ts'

type Schema = v.GenericSchema & {
  readonly pipe?: readonly { readonly type: string }[]
  readonly entries?: Readonly<Record<string, Schema>>
  readonly item?: Schema
  readonly items?: readonly Schema[]
  readonly key?: Schema
  readonly value?: Schema
  readonly wrapped?: Schema
  readonly options?: readonly unknown[]
}

/** What limits the values of a type. Types that are not listed here are not allowed in the contract. */
const limits: Readonly<Record<string, readonly string[]>> = {
  ...{ object: [], tuple: [], boolean: [], undefined: [], picklist: [], exact_optional: [] },
  string: ['max_length'],
  array: ['max_length'],
  record: ['max_entries'],
  number: ['min_value', 'max_value'],
}

/** @returns the places in a schema whose values have no limit */
function unlimited(schema: Schema, place: string): string[] {
  const missing = limits[schema.type]?.filter((limit) => !schema.pipe?.some(({ type }) => type === limit))
  const inner = [
    ...Object.entries(schema.entries ?? {}).map(([key, entry]) => [entry, `${place}.${key}`] as const),
    ...(schema.items ?? []).map((item, index) => [item, `${place}[${index}]`] as const),
    ...[schema.item, schema.key, schema.value, schema.wrapped].flatMap((part) =>
      part ? [[part, `${place}[]`] as const] : [],
    ),
  ]
  return [
    ...(missing ?? ['a known type']).map((limit) => `${place}: ${schema.type} without ${limit}`),
    ...inner.flatMap(([part, at]) => unlimited(part, at)),
  ]
}

test('every string, list, record and number that the window can send has a limit', () => {
  expect(Object.entries(calls).flatMap(([name, { input }]) => unlimited(input as Schema, name))).toEqual([])
})

test('the test above finds what has no limit', () => {
  const text = v.pipe(v.string(), v.maxLength(3))
  const schema = v.object({
    list: v.array(text),
    map: v.pipe(v.record(v.string(), text), v.maxEntries(3)),
    pair: v.tuple([text, v.pipe(v.number(), v.minValue(0))]),
    maybe: v.exactOptional(v.pipe(v.string(), v.regex(/^a*$/))),
    any: v.any(),
  })
  expect(unlimited(schema as Schema, 'x')).toEqual([
    'x.list: array without max_length',
    'x.map[]: string without max_length',
    'x.pair[1]: number without max_value',
    'x.maybe[]: string without max_length',
    'x.any: any without a known type',
  ])
})

test('what the screens send for 50,000 images with four tags each is within the limits', () => {
  const image = (index: number) => `sha256:${index.toString(16).padStart(64, '0')}`
  const images = Array.from({ length: 50_000 }, (_, index) => image(index))
  const rows = images.flatMap((image) => ['a', 'b', 'c', 'd'].map((tag) => ({ image, reference: `x/y:${tag}` })))
  const choices = Object.fromEntries(images.map((image) => [image.slice('sha256:'.length), 'keep']))
  expect(v.is(calls['removal.plan'].input, { rows, choices })).toBe(true)
  expect(v.is(calls['removal.apply'].input, { planId: 'x', copies: images })).toBe(true)
  expect(
    v.is(
      calls['removal.deleteStrays'].input,
      images.map((image) => `/home/ada/Slipway/${image}.tar`),
    ),
  ).toBe(true)
  expect(v.is(imageId, `${image(1)}0`)).toBe(false)
})
