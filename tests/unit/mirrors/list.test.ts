import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMirrorList } from '../../../model/mirrors/list.ts'

test('one address per line is read, comments and empty lines are skipped, and any line ends are accepted', () => {
  const text = '\uFEFF# ours\r\nhttps://a.example\r\n\r\nb.example:5000 # the new one\rhttp://c.example/'
  expect(parseMirrorList(text)).toMatchObject({
    addresses: ['https://a.example', 'https://b.example:5000', 'http://c.example'],
    invalid: [],
  })
})

test('the list in a daemon.json is read', () => {
  const text = '{\n  "registry-mirrors": [\n    "https://a.example",\n    "https://b.example/"\n  ]\n}\n'
  expect(parseMirrorList(text).addresses).toEqual(['https://a.example', 'https://b.example'])
  expect(parseMirrorList('{"registry-mirrors": ["https://a.example", "https://b.example"]}')).toMatchObject({
    addresses: ['https://a.example', 'https://b.example'],
    invalid: [],
  })
})

test('a duplicate address is read once', () => {
  expect(parseMirrorList('https://a.example\na.example\nHTTPS://A.example/').addresses).toEqual(['https://a.example'])
})

test('JSON without a list of mirrors gives no address, and list items that are not addresses are reported', () => {
  for (const text of [
    '{"log-driver": "json-file", "dns": ["8.8.8.8"]}',
    '{"registry-mirrors": "a.example"}',
    '[]',
    'null',
  ])
    expect(parseMirrorList(text)).toMatchObject({ addresses: [], invalid: [] })
  expect(parseMirrorList('["https://a.example", 5, {"url": "b.example"}]')).toMatchObject({
    addresses: ['https://a.example'],
    invalid: [
      { line: 2, text: '5' },
      { line: 3, text: '{"url":"b.example"}' },
    ],
  })
})

test('in prose, every word that looks like an address is read, and a line without an address is reported', () => {
  const text =
    '这些镜像加速可用：https://a.example，备用 b.example:5000\nthe usual ones\nnonsense\nlocalhost:5000 for tests\n'
  expect(parseMirrorList(text)).toMatchObject({
    addresses: ['https://a.example', 'https://b.example:5000', 'https://localhost:5000'],
    invalid: [
      { line: 2, text: 'the usual ones' },
      { line: 3, text: 'nonsense' },
    ],
  })
})

test('prose and JSON without mirrors give no address, and every address in prose is found', () => {
  const word = fc.stringMatching(/^[a-zA-Z\u4e00-\u9fff"'{}()!?-]{1,12}[,.:]?$/)
  const prose = fc.array(
    fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
    { maxLength: 6 },
  )
  const host = fc.stringMatching(/^[a-z]{1,9}(\.[a-z]{2,9}|:[1-9]\d{0,3})$/).map((text) => `https://${text}`)
  fc.assert(
    fc.property(prose, (lines) => {
      expect(parseMirrorList(lines.join('\n')).addresses).toEqual([])
    }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      expect(parseMirrorList(JSON.stringify(object))).toMatchObject({ addresses: [], invalid: [] })
    }),
  )
  fc.assert(
    fc.property(prose, fc.array(host, { minLength: 1 }), (lines, hosts) => {
      const text = hosts.map((item, index) => `${lines[index] ?? ''} ${item}`).join('\n')
      const expected = [...new Set(hosts.map((item) => item.replace(/:443$/, '')))]
      expect(parseMirrorList(text).addresses).toEqual(expected)
    }),
  )
})

test('a line that is not an address is reported with its shortened text, and the other lines are read', () => {
  const { addresses, invalid } = parseMirrorList(`https://a.example\nftp://b.example\n${'x'.repeat(500)}_\nc.example`)
  expect(addresses).toEqual(['https://a.example', 'https://c.example'])
  expect(invalid.map(({ line }) => line)).toEqual([2, 3])
  expect(invalid[1]!.text.length).toBeLessThanOrEqual(80)
})

test('an invalid address in a JSON list is reported by its position, and in a text by its line', () => {
  expect(parseMirrorList('[\n\n"ftp://a.example"]')).toMatchObject({ invalid: [{ line: 1 }], isJson: true })
  expect(parseMirrorList('\nftp://a.example')).toMatchObject({ invalid: [{ line: 2 }], isJson: false })
})

test('of a list with more than 500 mirrors, 500 are read and the others are counted', () => {
  const addresses = Array.from({ length: 700 }, (_, index) => `https://m${index}.example`)
  for (const text of [addresses.join('\n'), addresses.join(' '), JSON.stringify([...addresses, ...addresses])]) {
    const read = parseMirrorList(text)
    expect(read.addresses).toEqual(addresses.slice(0, 500))
    expect(read).toMatchObject({ more: 200, invalid: [] })
  }
})

test('a word of more than 300 characters is skipped, and reported if its line has no address', () => {
  const long = `https://${'a.'.repeat(150)}example`
  const read = parseMirrorList(`${long}\n${long} b.example\n`)
  expect(read).toMatchObject({ addresses: ['https://b.example'], invalid: [{ line: 1, text: long.slice(0, 80) }] })
  expect(parseMirrorList(JSON.stringify([long, 'b.example']))).toEqual({ ...read, isJson: true })
})

const megabyteOf = (text: string) => text.repeat(1_000_000 / text.length)

// These files take seconds or minutes if any part of the parser takes quadratic time.
test.each([
  ['short words', megabyteOf('a '), 0],
  ['short lines', megabyteOf('a\n'), 500],
  ['empty lines', megabyteOf('\r'), 0],
  ['comments that no line ends', `${megabyteOf(' #')}\u2028`, 0],
  ['one word with a dot', `${megabyteOf('a')}.b`, 1],
  ['words of quotes and brackets', megabyteOf(`a.b${'"]'.repeat(140)}x `), 500],
  ['distinct words that look like addresses', Array.from({ length: 120_000 }, (_, n) => `${n}_.b`).join(' '), 500],
  ['lists in lists', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 1],
  ['objects in a list', `[${megabyteOf('{},')}{}]`, 500],
])('a megabyte of %s gives no address and at most 500 reports', (_, text, reports) => {
  const read = parseMirrorList(text)
  expect(read.addresses).toEqual([])
  expect(read.invalid).toHaveLength(reports)
})
