import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  classOf,
  classOfLiteral,
  farthest,
  isWithin,
  reachOf,
  type AddressClass,
} from '../../../model/registry/address-class.ts'

const examples: Readonly<Record<AddressClass, readonly string[]>> = {
  public: ['8.8.8.8', '198.18.0.9', '198.19.255.255', '172.32.0.1', '100.128.0.1', '2606:4700::1', '::ffff:8.8.8.8'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fc00::1', 'fd12::1', 'fec0::1'],
  special: ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', '224.0.0.1', 'ff02::1', '240.0.0.1', '255.255.255.255'],
  loopback: ['127.0.0.1', '127.255.0.3', '::1', '0.0.0.0', '0.1.2.3', '::', '::ffff:127.0.0.1', '::ffff:7f00:1'],
}
const byte = fc.nat(255)

/** IPv6 addresses through which IPv4 addresses are reached. */
const forms = (a: number, b: number, c: number, d: number) => {
  const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
  return [`::ffff:${high}:${low}`, `64:ff9b::${high}:${low}`, `2002:${high}:${low}::1`, `::ffff:0:${high}:${low}`]
}

test.each(Object.entries(examples))('%s addresses', (name, addresses) => {
  expect(addresses.map((address) => [address, classOf(address)])).toEqual(addresses.map((address) => [address, name]))
})

test('documentation, benchmark, Teredo, IPv4-compatible and unknown texts are not public', () => {
  for (const text of ['192.0.2.1', '203.0.113.9', '2001:db8::1', '2001::1', '100::1', '64:ff9b:1::a00:1', 'x', ''])
    expect([text, classOf(text)]).not.toEqual([text, 'public'])
})

test('an IPv6 address that leads to an IPv4 address has the class of that address', () => {
  fc.assert(
    fc.property(byte, byte, byte, byte, (a, b, c, d) => {
      const expected = classOf(`${a}.${b}.${c}.${d}`)
      for (const form of forms(a, b, c, d)) expect([form, classOf(form)]).toEqual([form, expected])
    }),
  )
})

test('all spellings of an address in a URL are recognized, and a name is no address', () => {
  for (const host of [
    '127.1',
    '0x7f.1',
    '2130706433',
    '017700000001',
    '0',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '１２７.0.0.1',
  ])
    expect([host, classOfLiteral(new URL(`http://${host}/`).hostname)]).toEqual([host, 'loopback'])
  for (const host of ['localhost', 'localhost.', 'a.example', '127.0.0.1.nip.io'])
    expect(classOfLiteral(host)).toBeUndefined()
})

test('a host leads as far as itself, and no closer; the farthest of its addresses counts', () => {
  expect(isWithin('public', 'public')).toBe(true)
  expect(isWithin('private', 'public')).toBe(false)
  expect(isWithin('private', 'private')).toBe(true)
  expect(isWithin('special', 'private')).toBe(false)
  expect(isWithin('loopback', 'private')).toBe(false)
  expect(isWithin('private', 'loopback')).toBe(true)
  expect(farthest(['loopback', 'public', 'private'])).toBe('public')
  expect(farthest(['loopback', 'private'])).toBe('private')
  expect(farthest([])).toBe('public')
})

test('only the user, and a host that TLS proves to be the same, are not limited', () => {
  const referrer = { origin: 'https://a.example', isVerified: true, reach: 'public' } as const
  expect(reachOf('https://a.example', undefined)).toBe('loopback')
  expect(reachOf('https://a.example', referrer)).toBe('loopback')
  expect(reachOf('https://a.example:5000', referrer)).toBe('public')
  expect(reachOf('https://b.example', referrer)).toBe('public')
  expect(reachOf('https://a.example', { ...referrer, isVerified: false })).toBe('public')
})
