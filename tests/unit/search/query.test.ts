import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSearch } from '../../../model/search/query.ts'

test('words are searched, and a name with an owner can also be pulled', () => {
  expect(parseSearch('web server')).toEqual({ kind: 'words', words: 'web server' })
  expect(parseSearch(' nginx ')).toEqual({ kind: 'words', words: 'nginx' })
  expect(parseSearch('bitnami/nginx')).toMatchObject({
    kind: 'words',
    possibleName: { reference: 'bitnami/nginx:latest' },
  })
  expect(parseSearch('  ')).toEqual({ kind: 'nothing' })
})

test.each([
  ['nginx:1.27', 'nginx:1.27'],
  ['ghcr.io/a/b:1', 'ghcr.io/a/b:1'],
  ['ghcr.io/a/b', 'ghcr.io/a/b:latest'],
  ['docker.io/library/nginx:1', 'nginx:1'],
  ['localhost/x', 'localhost/x:latest'],
  ['$ sudo docker pull centos:7', 'centos:7'],
  [`nginx@sha256:${'a'.repeat(64)}`, `nginx@sha256:${'a'.repeat(64)}`],
])('a text with a tag, a host or a digest is a name: %s', (typed, reference) => {
  expect(parseSearch(typed)).toMatchObject({ kind: 'name', name: { reference } })
})

test.each([
  ['Nginx:1', 'capitals'],
  ['ghcr.io/Owner/b', 'capitals'],
  ['nginx:', 'no-tag'],
  ['nginx:-1', 'tag'],
  [`nginx:${'x'.repeat(129)}`, 'tag'],
  ['nginx@sha256:12', 'digest'],
  ['ghcr.io/a..b:1', 'characters'],
])('an invalid name is reported with its fault: %s', (typed, why) => {
  expect(parseSearch(typed)).toEqual({ kind: 'wrong', why })
})

test('any text can be parsed, and a name always has a tag or a digest', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const parsed = parseSearch(typed)
      return parsed.kind !== 'name' || /[:@]/.test(parsed.name.reference)
    }),
  )
})
