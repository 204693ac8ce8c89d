import { expect, test } from 'vitest'
import { userMirrors } from '../../../main/mirrors/user-mirrors.ts'
import type { MirrorsFile } from '../../../main/store/index.ts'

const numbered = (from: number, n: number) => Array.from({ length: n }, (_, at) => `https://m${from + at}.example`)

function listOf(own: readonly string[]) {
  let value: MirrorsFile = { own, changes: [] }
  const store = {
    get value() {
      return value
    },
    write: async (next: MirrorsFile) => void (value = next),
  }
  return { list: userMirrors(store, []), own: () => value.own }
}

test('an import takes as many as there is room for, and says how many are left out', () => {
  const { list, own } = listOf(numbered(0, 495))
  const taken = list.importFrom([...numbered(490, 20), 'nonsense.example/path'].join('\n'))
  expect(taken).toMatchObject({ added: 5, known: 5, left: 10, wrong: [{ line: 21 }] })
  expect(own()).toEqual(numbered(0, 500))
  expect(list.importFrom('one-more.example')).toMatchObject({ added: 0, left: 1 })
})

test('a full list takes no more mirrors, and can still be edited', () => {
  const { list, own } = listOf(numbered(0, 500))
  expect(list.add('one-more.example')).toMatchObject({ error: { code: 'mirrors-too-many' } })
  expect(list.change({ from: 'https://m7.example', to: 'other.example' })).toEqual({ ok: true, value: undefined })
  expect(own()[7]).toBe('https://other.example')
})
