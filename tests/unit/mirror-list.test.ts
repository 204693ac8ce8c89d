import { expect, test } from 'vitest'
import { mirrorsIn } from '../../model/mirror-list.ts'

test('an address a line, with comments and empty lines, in any line ends', () => {
  const text = '\uFEFF# ours\r\nhttps://a.example\r\n\r\nb.example:5000 # the new one\rhttp://c.example/'
  expect(mirrorsIn(text)).toEqual({
    addresses: ['https://a.example', 'https://b.example:5000', 'http://c.example'],
    wrong: [],
  })
})

test('the list of a daemon.json, as tutorials print it', () => {
  const text = '{\n  "registry-mirrors": [\n    "https://a.example",\n    "https://b.example/"\n  ]\n}\n'
  expect(mirrorsIn(text).addresses).toEqual(['https://a.example', 'https://b.example'])
  expect(mirrorsIn('{"registry-mirrors": ["https://a.example", "https://b.example"]}')).toEqual({
    addresses: ['https://a.example', 'https://b.example'],
    wrong: [],
  })
})

test('an address that comes twice is taken once', () => {
  expect(mirrorsIn('https://a.example\na.example\nHTTPS://A.example/').addresses).toEqual(['https://a.example'])
})

test('what is no address is told with its line, cut to what can be shown, and the rest is taken', () => {
  const { addresses, wrong } = mirrorsIn(`https://a.example\nftp://b.example\n${'x'.repeat(500)}_\nc.example`)
  expect(addresses).toEqual(['https://a.example', 'https://c.example'])
  expect(wrong.map(({ line }) => line)).toEqual([2, 3])
  expect(wrong[1]!.text.length).toBeLessThanOrEqual(80)
})
