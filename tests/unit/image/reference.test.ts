import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitReference } from '../../../model/image/image.ts'
import { parseReference, parseTag } from '../../../model/image/reference.ts'

const parse = (text: string) => {
  const parsed = parseTag(text)
  return parsed && `${parsed.repository}:${parsed.tag}`
}

test('Docker’s short forms are understood, and the result is the familiar name', () => {
  expect(
    Object.fromEntries(
      [
        'x',
        'x:1',
        'library/x',
        'docker.io/x',
        'docker.io/library/x:1',
        'index.docker.io/team/x',
        'team/x:1.0_a-B',
        'team/deep/x',
        'docker.io/library/team/x',
        'localhost/x',
        'localhost:5000/x:1',
        'registry.example.com:5000/a/b__c/d.e/f--g:v1',
        '[2001:db8::1]:5000/x',
        'Registry/x',
        'localhost:5000',
        'a.b/c',
      ].map((text) => [text, parse(text)]),
    ),
  ).toEqual({
    x: 'x:latest',
    'x:1': 'x:1',
    'library/x': 'x:latest',
    'docker.io/x': 'x:latest',
    'docker.io/library/x:1': 'x:1',
    'index.docker.io/team/x': 'team/x:latest',
    'team/x:1.0_a-B': 'team/x:1.0_a-B',
    'team/deep/x': 'team/deep/x:latest',
    'docker.io/library/team/x': 'library/team/x:latest',
    'localhost/x': 'localhost/x:latest',
    'localhost:5000/x:1': 'localhost:5000/x:1',
    'registry.example.com:5000/a/b__c/d.e/f--g:v1': 'registry.example.com:5000/a/b__c/d.e/f--g:v1',
    '[2001:db8::1]:5000/x': '[2001:db8::1]:5000/x:latest',
    'Registry/x': 'Registry/x:latest',
    'localhost:5000': 'localhost:5000',
    'a.b/c': 'a.b/c:latest',
  })
})

test('names that Docker refuses, that have a digest, or that have no familiar form are refused', () => {
  const refused = [
    '',
    ':',
    ':1',
    'x:',
    'x:-1',
    'x:.1',
    'x:a b',
    'x:标签',
    ' x',
    'x ',
    'X',
    'team/X',
    'docker.io/X',
    '/x',
    'x/',
    'a//b',
    'a___b',
    'a..b',
    '-a',
    'a-',
    'a_/b',
    '名字',
    'http://x/y',
    'docker.io/a.b/c',
    'host:port/x',
    '-host.x/y',
    'x@sha256:0123',
    `x@sha256:${'0'.repeat(64)}`,
    `sha256:${'0'.repeat(64)}`,
    'a'.repeat(64),
    `x:${'t'.repeat(129)}`,
    `docker.io/library/${'x'.repeat(238)}`,
  ]
  expect(refused.filter((text) => parse(text) !== undefined)).toEqual([])
})

test('the longest tag and the longest name are accepted', () => {
  expect(parse(`x:${'t'.repeat(128)}`)).toBe(`x:${'t'.repeat(128)}`)
  expect(parse('x'.repeat(237))).toBe(`${'x'.repeat(237)}:latest`)
})

const component = fc.stringMatching(/^[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/)
const host = fc.stringMatching(/^[a-zA-Z0-9]{1,5}(-[a-zA-Z0-9]{1,3})?(\.[a-z0-9]{1,4}){1,2}(:[0-9]{1,5})?$/)
const name = fc
  .tuple(fc.option(host, { nil: undefined }), fc.array(component, { minLength: 1, maxLength: 4 }))
  // Without a host, a first component with a dot would be parsed as the host.
  .map(([host, [first = '', ...components]]) =>
    [...(host ? [host, first] : [first.replaceAll('.', '-')]), ...components].join('/'),
  )
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}$/)

test('every name of the grammar is parsed, the result parses to itself, and splitReference splits it in the same way', () => {
  fc.assert(
    fc.property(name, tag, (name, tag) => {
      fc.pre(name !== 'sha256' && name !== 'library/sha256')
      const normalized = parse(`${name}:${tag}`)
      expect(normalized).toBeDefined()
      expect(parse(normalized!)).toBe(normalized)
      expect(parseTag(normalized!)).toMatchObject(splitReference(normalized!))
    }),
  )
})

test('whatever is typed, the result has only plain characters and parses to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'aA0.:/_-@ 中[]'), maxLength: 12 }), (text) => {
      const parsed = parse(text)
      if (parsed === undefined) return
      expect(parsed).toMatch(/^[\w.:/[\]-]+$/)
      expect(parse(parsed)).toBe(parsed)
    }),
  )
})

test('in a reference with a digest the tag is ignored, and parseTag refuses such a reference', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  expect(parseReference('nginx')).toMatchObject({ repository: 'nginx', version: 'latest', reference: 'nginx:latest' })
  for (const text of [`ghcr.io/a/b@${digest}`, `ghcr.io/a/b:1@${digest}`]) {
    expect(parseReference(text)).toMatchObject({ version: digest, reference: `ghcr.io/a/b@${digest}` })
    expect(parseTag(text)).toBeUndefined()
  }
  for (const invalid of [`nginx@sha256:1`, '@', 'No', `@${digest}`, `x@${digest}@${digest}`])
    expect(parseReference(invalid)).toBeUndefined()
  expect(parseTag('nginx:1')).toMatchObject({ repository: 'nginx', tag: '1' })
})
