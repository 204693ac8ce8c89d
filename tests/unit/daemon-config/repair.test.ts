import { expect, test } from 'vitest'
import { parseExecStart } from '../../../main/daemon-config/dockerd-facts.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'

const repaired = (text: string, facts = {}) => planRepair(text, { major: 26, ...facts }).change?.after

test('the command of Docker’s unit is read as systemd prints it', () => {
  const printed =
    '{ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n'
  expect(parseExecStart(printed)).toEqual([
    '/usr/bin/dockerd',
    '-H',
    'fd://',
    '--containerd=/run/containerd/containerd.sock',
  ])
  expect(parseExecStart('')).toEqual([])
})

test.each([
  ['-H fd://', ['-H', 'fd://'], 'hosts', '-H fd://'],
  ['--host=fd://', ['--host=fd://'], 'hosts', '--host=fd://'],
  [
    '--registry-mirror',
    ['--registry-mirror', 'https://m.example'],
    'registry-mirrors',
    '--registry-mirror https://m.example',
  ],
  ['--insecure-registry', ['--insecure-registry=x:1'], 'insecure-registries', '--insecure-registry=x:1'],
  ['a switch before another flag', ['-D', '-H', 'fd://'], 'debug', '-D'],
  ['--containerd', ['--containerd=/run/c.sock'], 'containerd', '--containerd=/run/c.sock'],
])('a setting that is also a flag is named with its flag: %s', (_, flags, key, flag) => {
  const values: Record<string, unknown> = { debug: true, containerd: '/run/c.sock' }
  const text = JSON.stringify({ 'live-restore': true, [key]: values[key] ?? [] })
  const plan = planRepair(text, { major: 26, flags })
  expect(plan.faults).toMatchObject([{ code: 'flag', key, flag }])
  expect(plan).toMatchObject({ drops: [key], isMend: false, remaining: [], change: { after: '{"live-restore":true}' } })
})

test('a removed setting leaves no comma behind, wherever it was', () => {
  const flags = ['-H', 'fd://']
  expect(repaired('{"hosts": [], "debug": true}', { flags })).toBe('{"debug": true}')
  expect(repaired('{\n  "debug": true,\n  "hosts": []\n}\n', { flags })).toBe('{\n  "debug": true\n}\n')
  expect(repaired('{\n  "hosts": []\n}\n', { flags })).toBe('{\n}\n')
})

test('settings of older versions are renamed, unless the file has the new one, too', () => {
  expect(repaired('{"graph": "/a"}')).toBe('{"data-root": "/a"}')
  expect(repaired('{"graph": "/a", "data-root": "/b"}')).toBeUndefined()
  expect(planRepair('{"cluster-store": "x", "debug": true}', { major: 26 })).toMatchObject({
    drops: ['cluster-store'],
    change: { after: '{"debug": true}' },
  })
})

test('several faults are repaired at once, and what cannot be repaired remains', () => {
  const text = '{\n  "graph": "/a",\n  "log-opts": {"max-file": 3},\n  "slipway-no-such-key": 1,\n}'
  const plan = planRepair(text, { major: 26 })
  expect(plan.faults).toMatchObject([{ code: 'trailing-comma', place: { line: 4, column: 27 } }])
  expect(plan.change?.after).toBe(
    '{\n  "data-root": "/a",\n  "log-opts": {"max-file": "3"},\n  "slipway-no-such-key": 1\n}',
  )
  expect(plan.remaining).toMatchObject([{ code: 'unknown-key', key: 'slipway-no-such-key' }])
})

test('without a known version, only what every version refuses is a fault, and a BOM', () => {
  expect(planRepair('{"graph": "/a"}', {}).faults).toEqual([])
  expect(planRepair('{"some-future-key": 1}', {}).faults).toEqual([])
  expect(planRepair('{"some-future-key": 1}', { major: 99 }).faults).toEqual([])
  expect(planRepair('', {}).faults).toEqual([])
  expect(planRepair('\ufeff{}', {}).faults).toMatchObject([{ code: 'bom' }])
  expect(planRepair('{"registry-mirrors": ["https://a.example/path"]}', {}).faults).toEqual([])
  expect(planRepair('{"registry-mirrors": ["https://a.example/path"]}', { major: 20 }).faults).toMatchObject([
    { code: 'mirror', address: 'https://a.example/path' },
  ])
})

test.each([
  ['a word', 'a'.repeat(1_000_000)],
  ['words with hyphens', 'a-'.repeat(500_000)],
  ['strings without commas', `{"labels": [${'"a=b" '.repeat(160_000)}]}`],
  ['unknown settings', `{${Array.from({ length: 70_000 }, (_, index) => `"a${index}": 1`).join(',\n')}}`],
  ['mirrors that Docker refuses', JSON.stringify({ 'registry-mirrors': Array(60_000).fill('mirror.example') })],
  ['open brackets', '['.repeat(1_000_000)],
])('a file of a megabyte is read in one pass, and not mended: %s', (_, text) => {
  const plan = planRepair(text, { major: 26 })
  expect(plan.faults.length).toBeGreaterThan(0)
  expect(plan.faults.length).toBeLessThanOrEqual(20)
  expect(plan.change).toBeUndefined()
})

test('a mend keeps the line ends of Windows', () => {
  const text = '{\r\n  "debug": true,\r\n}\r\n'
  expect(planRepair(text, { major: 26 })).toMatchObject({
    faults: [{ code: 'trailing-comma', place: { line: 2, column: 16 } }],
    isMend: true,
    change: { after: '{\r\n  "debug": true\r\n}\r\n' },
  })
})

test.each([
  ['NUL bytes', '{"debug": true}\0', 'space'],
  ['a NUL byte in a string', '{"data-root": "/d\0"}', 'space'],
  [
    'UTF-16, little-endian, without a byte order mark',
    [...'{"debug": true}'].map((it) => `${it}\0`).join(''),
    'encoding',
  ],
  ['UTF-16, big-endian, without a byte order mark', [...'{"debug": true}'].map((it) => `\0${it}`).join(''), 'encoding'],
  ['Latin-1', '{"labels": ["caf\ufffd",]}', 'encoding'],
])('a file that is not plain UTF-8 is called that, and not mended: %s', (_, text, code) => {
  expect(planRepair(text, { major: 26 })).toMatchObject({ faults: [{ code }], isMend: false })
})

test('a repair that leaves a setting twice is not for the helper, which refuses it', () => {
  const text = '{"registry-mirrors": [], "registry-mirrors": ["https://a.example"],}'
  expect(planRepair(text, { major: 26 })).toMatchObject({ isMend: false, remaining: [], change: {} })
})

test('the settings that a new file would lose are named, also if the file is not JSON', () => {
  const text = '{\n  "data-root": "/data", // moved\n  “log-driver”：“local”,\n  "mine": 1\n}'
  expect(planRepair(text, { major: 26 })).toMatchObject({ named: ['data-root', 'log-driver'], isMend: false })
})
