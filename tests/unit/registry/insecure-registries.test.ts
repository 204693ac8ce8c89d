import { expect, test } from 'vitest'
import { isInsecure } from '../../../main/registry/index.ts'

const names: Readonly<Record<string, readonly string[]>> = {
  'registry.lan': ['10.1.2.3'],
  'two.lan': ['203.0.113.7', 'fd00::7'],
  'public.example': ['203.0.113.7'],
}
const none: readonly string[] = []

test.each([
  ['a host of the list', 'registry.example:5000', { hosts: ['registry.example:5000'] }, true],
  ['the host without its port', 'registry.example', { hosts: ['registry.example:5000'] }, false],
  ['another port', 'registry.example:5001', { hosts: ['registry.example:5000'] }, false],
  ['a part of a listed name', 'example:5000', { hosts: ['registry.example:5000'] }, false],
  ['an address in a range', '192.168.6.131:8090', { cidrs: ['192.168.0.0/16'] }, true],
  ['an address outside the range', '192.169.6.131:8090', { cidrs: ['192.168.0.0/16'] }, false],
  ['an IPv6 address in a range', '[fd00::7]:5000', { cidrs: ['fd00::/8'] }, true],
  ['a name with an address in a range', 'registry.lan:5000', { cidrs: ['127.0.0.0/8', '10.0.0.0/8'] }, true],
  ['a name with one of two addresses in a range', 'two.lan', { cidrs: ['fd00::/8'] }, true],
  ['a name with an address outside the ranges', 'public.example', { cidrs: ['10.0.0.0/8'] }, false],
  ['a name without an address', 'unknown.lan', { cidrs: ['0.0.0.0/0'] }, false],
  ['anything, with the range of all addresses', 'public.example', { cidrs: ['0.0.0.0/0'] }, true],
  ['ranges that are none', '10.1.2.3', { cidrs: ['10.0.0.0', '10.0.0.0/33', 'x/8', '/8', ''] }, false],
] as const)('%s: %s', async (_, host, registries, expected) => {
  const resolve = async (name: string) => names[name] ?? none
  expect(await isInsecure(host, { hosts: none, cidrs: none, ...registries }, resolve)).toBe(expected)
})

test('no name is resolved if the engine trusts only single hosts', async () => {
  const resolve = () => Promise.reject(new Error('resolved'))
  expect(await isInsecure('registry.lan', { hosts: ['other.lan'], cidrs: [] }, resolve)).toBe(false)
})
