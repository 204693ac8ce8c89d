/** The addresses that a change may add: the helper, the app and the engine agree on them. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMirrorAddress } from '../../../model/mirrors/address.ts'
import { mirror, useSystemEngine } from './clean-engine.ts'
import { reloadMirrors } from './killed-helper.ts'
import { changeFile, readState, write } from './helper-tools.ts'

const helperFolder = join(import.meta.dirname, '../../../resources/helper')

/** @returns for each address whether the helper's check accepts it */
function acceptedByHelper(check: 'check_mirror' | 'check_registry', addresses: readonly string[]): boolean[] {
  const script = `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from slipway_daemon_file.addresses import check_mirror, check_registry
from slipway_daemon_file.errors import Refused
def accepts(address):
    try:
        check_mirror(address, paths_allowed=False) if sys.argv[2] == 'check_mirror' else check_registry(address)
    except Refused:
        return False
    return True
print(json.dumps([accepts(address) for address in json.load(sys.stdin)]))`
  const { stdout } = spawnSync('/usr/bin/python3', ['-IS', '-c', script, helperFolder, check], {
    ...{ input: JSON.stringify(addresses), encoding: 'utf8' },
  })
  return JSON.parse(stdout) as boolean[]
}

const isValidPort = (port: string) => port === '' || (Number(port.slice(1)) > 0 && Number(port.slice(1)) < 65_536)
const validHost = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
)
/** Texts that are almost hosts. They have no characters that the app removes from a pasted address. */
const oddHost = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'a0f1x.-_:[]%2镜@~'), maxLength: 14 }),
  fc
    .tuple(fc.ipV6(), fc.constantFrom('%25eth0', '%eth0', ':', '::', '.1', ':1.2.3.4', ':1.2.3.04'))
    .map((parts) => `[${parts.join('')}]`),
  fc.tuple(fc.ipV4(), fc.constantFrom('.', '.1', '.0x1', '.a', '0')).map((parts) => parts.join('')),
  fc.tuple(fc.domain(), fc.constantFrom('.', '..', '.0x7f', '.1', '_', '-', '-.a')).map((parts) => parts.join('')),
)
const port = fc.constantFrom('', ':', ':0', ':1', ':080', ':443', ':65535', ':65536', ':99999', ':000001', ':5a')

test('the helper and the app accept the same mirrors', () => {
  const mirrors = fc
    .tuple(
      fc.constantFrom('https://', 'http://', 'HTTPS://', 'https:/', 'ftp://', 'https:///'),
      fc.oneof(validHost, oddHost),
      port,
      fc.constantFrom('', '/', '//', '/a', '?', '#', '/?a', '\\'),
    )
    .map((parts) => parts.join(''))
  const fixed = [
    'https://[::1',
    'https://[::ffff:1.2.3.4]',
    'https://[::ffff:1.2.3.04]',
    'https://[v1.a]',
    'https://[a.example]',
    'https://[]',
    'https://[1::2::3]',
    'https://[fe80::1%25eth0]',
    'https://01.2.3.4',
    'https://1.2.3',
    'https://0x7f.1',
    'https://0x7f000001',
    `https://${'a'.repeat(63)}.example`,
    `https://${'a'.repeat(64)}.example`,
    `https://${'a.'.repeat(126)}a`,
    `https://${'a.'.repeat(127)}a`,
    'https://a.example\n',
  ]
  const cases = [...fixed, ...fc.sample(mirrors, 4_000)]
  const byHelper = acceptedByHelper('check_mirror', cases)
  const byApp = cases.map((address) => address === address.trim() && parseMirrorAddress(address).ok)
  const different = cases.filter((_, index) => byHelper[index] !== byApp[index])
  expect(different).toEqual([])
  expect(byApp.filter(Boolean).length).toBeGreaterThan(100)
  expect(byApp.filter((accepted) => !accepted).length).toBeGreaterThan(1_000)
})

test('what the app makes of any accepted text, the helper accepts', () => {
  const typed = fc
    .tuple(fc.constantFrom('', 'https://', ' "http://', '['), validHost, port, fc.constantFrom('', '/', '",', ' ]'))
    .map((parts) => parts.join(''))
  const addresses = fc.sample(typed, 2_000).flatMap((text) => {
    const parsed = parseMirrorAddress(text)
    return parsed.ok ? [parsed.address] : []
  })
  expect(addresses.length).toBeGreaterThan(200)
  expect(acceptedByHelper('check_mirror', addresses)).not.toContain(false)
})

describe.each(['20.10', '26.1'] as const)('Docker %s', (version) => {
  const setup = useSystemEngine(version)
  const { expectMirrors, expectRefused } = setup

  test('loads every address that the helper accepts', async () => {
    const hosts = fc.sample(fc.tuple(fc.oneof(validHost, oddHost), port), 600).map((parts) => parts.join(''))
    const accepted = (check: 'check_mirror' | 'check_registry', prefix: string) => {
      const addresses = [...new Set(hosts.map((host) => prefix + host))]
      const verdicts = acceptedByHelper(check, addresses)
      return addresses.filter((_, index) => verdicts[index])
    }
    const mirrors = accepted('check_mirror', 'https://')
    const registries = accepted('check_registry', '')
    expect(Math.min(mirrors.length, registries.length)).toBeGreaterThan(50)
    write(JSON.stringify({ 'registry-mirrors': mirrors }))
    await reloadMirrors(setup.engine, mirrors)
    write(JSON.stringify({ 'registry-mirrors': [], 'insecure-registries': registries }))
    await reloadMirrors(setup.engine, [])
    const { RegistryConfig } = (await setup.engine.docker.info()) as {
      RegistryConfig: { IndexConfigs: Record<string, { Secure: boolean }> }
    }
    const insecure = Object.keys(RegistryConfig.IndexConfigs).filter(
      (name) => !RegistryConfig.IndexConfigs[name]?.Secure,
    )
    expect(insecure.toSorted()).toEqual(registries.toSorted())
  })

  test.each([
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/8',
    '10.0.0.1/32',
    '*.example',
    '*',
    'a.example/x',
    '[::1]',
    '[fe80::1%eth0]:80',
  ])('a change that adds an insecure network or pattern is refused: %s', async (registry) => {
    const text = `{ "insecure-registries": ["a.example", "${registry}"], "labels": ["x=y"] }\n`
    await expectRefused({ code: 'daemon-file-registry-invalid', registry, state: 'untouched' }, text)
  })

  test.each([
    ['51 insecure registries', Array.from({ length: 51 }, (_, index) => `r${index}`)],
    ['100,000 insecure registries', Array.from({ length: 100_000 }, (_, index) => `r${index}`)],
    ['the same insecure registry 51 times', Array.from({ length: 51 }, () => 'a.example')],
  ])('a change that adds %s is refused', async (_, registries) => {
    const text = `{ "insecure-registries": ${JSON.stringify(registries)}, "labels": ["x=y"] }\n`
    await expectRefused({ code: 'daemon-file-helper-error', why: 'too-many-registries', state: 'untouched' }, text)
  })

  test('what an administrator has written stays, when something is added', async () => {
    const registries = ['10.0.0.0/8', '::/0', ...Array.from({ length: 60 }, (_, index) => `r${index}`)]
    const text = (mirrors: string[], insecure: string[]) =>
      `${JSON.stringify({ 'registry-mirrors': mirrors, 'insecure-registries': insecure })}\n`
    const odd = 'https://a_b.example'
    write(text([odd], registries))
    await reloadMirrors(setup.engine, [odd])
    const newText = text([mirror, odd], [...registries, 'added.example'])
    expect(await changeFile(newText)).toMatchObject({ answer: { ok: true, value: { confirmed: true } } })
    expect(readState()?.text).toBe(newText)
    await expectMirrors(mirror, odd)
  })
})

test('a port is either missing or between 1 and 65535', () => {
  const ports = ['', ':1', ':65535', ':0', ':65536', ':99999']
  expect(
    acceptedByHelper(
      'check_registry',
      ports.map((text) => `a.example${text}`),
    ),
  ).toEqual(ports.map(isValidPort))
})
