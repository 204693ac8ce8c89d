import { expect, test } from 'vitest'
import { userMirrors } from '../../../main/mirrors/user-mirrors.ts'
import type { MirrorsFile } from '../../../main/store/index.ts'

const numberedAddresses = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `https://m${from + index}.example`)

function createList(own: readonly string[]) {
  let value: MirrorsFile = { own, changes: [] }
  const store = {
    get value() {
      return value
    },
    write: async (newValue: MirrorsFile) => void (value = newValue),
  }
  return { list: userMirrors(store, []), own: () => value.own }
}

test('an import adds as many mirrors as the list can hold, and returns how many are left out', () => {
  const { list, own } = createList(numberedAddresses(0, 495))
  const result = list.importFrom([...numberedAddresses(490, 20), 'nonsense.example/path'].join('\n'))
  expect(result).toMatchObject({ added: 5, alreadyListed: 5, notAdded: 10, invalid: [{ line: 21 }] })
  expect(own()).toEqual(numberedAddresses(0, 500))
  expect(list.importFrom('one-more.example')).toMatchObject({ added: 0, notAdded: 1 })
  expect(list.importFrom(numberedAddresses(1000, 600).join('\n'))).toMatchObject({ added: 0, notAdded: 600 })
})

test('a full list accepts no more mirrors, and can still be edited', () => {
  const { list, own } = createList(numberedAddresses(0, 500))
  expect(list.add('one-more.example')).toMatchObject({ error: { code: 'mirrors-too-many' } })
  expect(list.change({ from: 'https://m7.example', to: 'other.example' })).toEqual({ ok: true, value: undefined })
  expect(own()[7]).toBe('https://other.example')
})
