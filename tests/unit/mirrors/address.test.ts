import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distinctMirrors, parseMirrorAddress, sameMirror, sameMirrors } from '../../../model/mirrors/address.ts'

const readAddress = (typed: string) => {
  const parsed = parseMirrorAddress(typed)
  return parsed.ok ? parsed.address + (parsed.plain ? ' (plain)' : '') : parsed.why
}
const readAll = (typed: readonly string[]) => Object.fromEntries(typed.map((item) => [item, readAddress(item)]))

test('an address is normalized to the form that Docker shows, without the trailing slash', () => {
  expect(
    readAll([
      'https://docker.1ms.run',
      'https://docker.1ms.run/',
      'docker.1ms.run',
      'HTTPS://Docker.1MS.run:443/',
      'https://mirror.example:8443',
      'mirror:5000',
      'localhost:5000',
      'https://192.168.1.10:05000',
      'https://[2001:DB8::1]:5000',
      'https://[::ffff:10.0.0.1]',
      'https://xn--fsqu00a.example',
      '  https://docker.m.daocloud.io\t',
    ]),
  ).toEqual({
    'https://docker.1ms.run': 'https://docker.1ms.run',
    'https://docker.1ms.run/': 'https://docker.1ms.run',
    'docker.1ms.run': 'https://docker.1ms.run',
    'HTTPS://Docker.1MS.run:443/': 'https://docker.1ms.run',
    'https://mirror.example:8443': 'https://mirror.example:8443',
    'mirror:5000': 'https://mirror:5000',
    'localhost:5000': 'https://localhost:5000',
    'https://192.168.1.10:05000': 'https://192.168.1.10:5000',
    'https://[2001:DB8::1]:5000': 'https://[2001:db8::1]:5000',
    'https://[::ffff:10.0.0.1]': 'https://[::ffff:10.0.0.1]',
    'https://xn--fsqu00a.example': 'https://xn--fsqu00a.example',
    '  https://docker.m.daocloud.io\t': 'https://docker.m.daocloud.io',
  })
})

test('JSON punctuation that is pasted with an address is removed', () => {
  for (const pasted of [
    '"https://docker.1ms.run",',
    "'https://docker.1ms.run'",
    '“https://docker.1ms.run/”，',
    '["https://docker.1ms.run"]',
    '[ "https://docker.1ms.run" ],',
    '"docker.1ms.run"',
    '`https://docker.1ms.run`;',
    '\n    "https://docker.1ms.run",\n',
  ])
    expect([pasted, readAddress(pasted)]).toEqual([pasted, 'https://docker.1ms.run'])
  expect(readAddress('"https://[::1]:5000",')).toBe('https://[::1]:5000')
  expect(readAddress('"[::1]",')).toBe('https://[::1]')
})

test('plain HTTP is accepted, and flagged unless the mirror is on this computer', () => {
  expect(readAll(['http://mirror.example', 'http://192.168.1.10:5000', 'http://mirror.example:80'])).toEqual({
    'http://mirror.example': 'http://mirror.example (plain)',
    'http://192.168.1.10:5000': 'http://192.168.1.10:5000 (plain)',
    'http://mirror.example:80': 'http://mirror.example (plain)',
  })
  for (const local of ['http://localhost:5000', 'http://127.0.0.1:5000', 'http://127.9.9.9', 'http://[::1]:5000'])
    expect(readAddress(local)).toBe(local)
})

test('an invalid address is refused with the reason', () => {
  expect(
    readAll([
      '',
      '  ""  ',
      'https://',
      'ftp://mirror.example',
      '://mirror.example',
      'https://user@mirror.example',
      'https://user:word@mirror.example',
      'https://mirror.example?ns=docker.io',
      'https://mirror.example/?',
      'https://mirror.example/#top',
      'https://mirror.example/v2/',
      'mirror.example/library',
      'https://mirror.example//',
      'https://镜像.example',
      'https：//mirror.example',
      'https://a.example","https://b.example',
      'https://a.example https://b.example',
      '2001:db8::1',
      'https://2001:db8::1/',
      'https://[2001:db8::1',
      'https://[2001:db8::1::2]',
      'https://[1:2:3:4:5:6:7:8:9]',
      'https://[1:2:3:4:5:6:7]',
      'https://[fe80::1%25eth0]',
      'https://[]',
      'https://-a.example',
      'https://a_b.example',
      'https://a..example',
      'https://a.example.',
      'https://999.1.1.1',
      'https://1.2.3',
      'https://a%41.example',
      'https:\\\\a.example',
      'https:/a.example',
      `https://${'a'.repeat(64)}.example`,
      'https://a.example:',
      'https://a.example:0',
      'https://a.example:65536',
      'https://a.example:port',
      'mailto:somebody',
    ]),
  ).toEqual({
    '': 'nothing',
    '  ""  ': 'nothing',
    'https://': 'host',
    'ftp://mirror.example': 'scheme',
    '://mirror.example': 'scheme',
    'https://user@mirror.example': 'user',
    'https://user:word@mirror.example': 'user',
    'https://mirror.example?ns=docker.io': 'query',
    'https://mirror.example/?': 'query',
    'https://mirror.example/#top': 'fragment',
    'https://mirror.example/v2/': 'path',
    'mirror.example/library': 'path',
    'https://mirror.example//': 'path',
    'https://镜像.example': 'not-ascii',
    'https：//mirror.example': 'not-ascii',
    'https://a.example","https://b.example': 'several',
    'https://a.example https://b.example': 'several',
    '2001:db8::1': 'brackets',
    'https://2001:db8::1/': 'brackets',
    'https://[2001:db8::1': 'host',
    'https://[2001:db8::1::2]': 'host',
    'https://[1:2:3:4:5:6:7:8:9]': 'host',
    'https://[1:2:3:4:5:6:7]': 'host',
    'https://[fe80::1%25eth0]': 'host',
    'https://[]': 'host',
    'https://-a.example': 'host',
    'https://a_b.example': 'host',
    'https://a..example': 'host',
    'https://a.example.': 'host',
    'https://999.1.1.1': 'host',
    'https://1.2.3': 'host',
    'https://a%41.example': 'host',
    'https:\\\\a.example': 'scheme',
    'https:/a.example': 'scheme',
    [`https://${'a'.repeat(64)}.example`]: 'host',
    'https://a.example:': 'port',
    'https://a.example:0': 'port',
    'https://a.example:65536': 'port',
    'https://a.example:port': 'port',
    'mailto:somebody': 'port',
  })
})

test('a trailing slash, the default port and capitals in scheme or host are ignored when mirrors are compared', () => {
  const sameAddresses = ['https://a.example', 'https://a.example/', 'HTTPS://A.Example:443/']
  for (const item of sameAddresses) expect([item, sameMirror(item, sameAddresses[0]!)]).toEqual([item, true])
  for (const other of [
    'http://a.example',
    'https://a.example:5000',
    'https://a.example/x',
    'https://a.example//',
    'a.example',
  ])
    expect([other, sameMirror(other, sameAddresses[0]!)]).toEqual([other, false])
  expect(sameMirror('https://a.example/X/', 'https://a.example/X')).toBe(true)
  expect(sameMirror('https://a.example/X', 'https://a.example/x')).toBe(false)
  expect(distinctMirrors([...sameAddresses, 'https://b.example'])).toEqual(['https://a.example', 'https://b.example'])
  expect(sameMirrors(['https://a.example/', 'https://b.example/'], ['https://a.example', 'https://b.example'])).toBe(
    true,
  )
  expect(sameMirrors(['https://b.example', 'https://a.example'], ['https://a.example', 'https://b.example'])).toBe(
    false,
  )
})

test('any text is either refused or gives an address that parses to itself and is a URL without path, query and user', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((item) => `[${item}]`),
  )
  const plausible = fc
    .tuple(
      fc.constantFrom('', 'https://', 'http://', 'HTTP://', '"https://', '['),
      host,
      fc.constantFrom('', ':1', ':443', ':80', ':65535', ':99999'),
      fc.constantFrom('', '/', '",', '?', '/a', ']'),
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), plausible), (typed) => {
      const parsed = parseMirrorAddress(typed)
      if (!parsed.ok) return
      const { address } = parsed
      expect(parseMirrorAddress(address)).toEqual(parsed)
      expect(sameMirror(address, `${address}/`)).toBe(true)
      const url = new URL(address)
      expect([url.username, url.password, url.pathname, url.search, url.hash]).toEqual(['', '', '/', '', ''])
      expect(url.protocol).toMatch(/^https?:$/)
      expect(`${url.protocol}//`).toBe(address.slice(0, url.protocol.length + 2))
      // `URL` shortens IPv6 addresses, and the engine keeps them as they are written.
      expect(address.includes('[') || url.origin === address).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('every valid host is accepted', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((item) => `[${item}]`),
  )
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      expect(parseMirrorAddress(`https://${host}:${port}/`).ok).toBe(true)
    }),
    { numRuns: 500 },
  )
})
