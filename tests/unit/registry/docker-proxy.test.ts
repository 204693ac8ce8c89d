import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync, chmodSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dockerProxyCommands, type DockerProxyRequest } from '../../../model/registry/docker-proxy.ts'

const request: DockerProxyRequest = {
  proxy: { kind: 'http', host: '127.0.0.1:7890' },
  noProxy: '',
  version: '26.1.5',
  installation: 'system',
  hasSystemd: true,
  file: { path: '/etc/docker/daemon.json' },
}
const proxies = {
  'http-proxy': 'http://127.0.0.1:7890',
  'https-proxy': 'http://127.0.0.1:7890',
  'no-proxy': 'localhost,127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16',
}

/** Runs the commands in a folder instead of /etc/docker, without root and services. @returns the file afterwards */
function run(text: string | undefined, changes: Partial<DockerProxyRequest> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'docker-proxy-'))
  const path = join(folder, 'daemon.json')
  const programs = mkdtempSync(join(tmpdir(), 'programs-'))
  const log = join(programs, 'log')
  writeFileSync(join(programs, 'sudo'), '#!/bin/sh\nexec "$@"\n')
  writeFileSync(join(programs, 'systemctl'), `#!/bin/sh\necho systemctl "$@" >>${log}\n`)
  for (const program of ['sudo', 'systemctl']) chmodSync(join(programs, program), 0o755)
  if (text !== undefined) writeFileSync(path, text)
  const hash = createHash('sha256')
    .update(text ?? '')
    .digest('hex')
  const current = text === undefined ? {} : { current: { text, hash } }
  const commands = dockerProxyCommands({ ...request, file: { path, ...current }, ...changes })
  execFileSync('sh', ['-c', commands ?? 'exit 1'], {
    env: { ...process.env, PATH: `${programs}:${process.env['PATH']}` },
    stdio: 'pipe',
  })
  return { text: readFileSync(path, 'utf8'), log: readFileSync(log, 'utf8'), files: readdirSync(folder) }
}

test.each([
  ['no file', undefined, {}],
  ['an empty file', '', {}],
  ['an empty object', '{}\n', {}],
  ['a file with settings', '{\n    "debug": true,\n    "dns": ["1.1.1.1"]\n}\n', { debug: true, dns: ['1.1.1.1'] }],
  [
    'a file on one line',
    '{"features":{"containerd-snapshotter":true}}',
    { features: { 'containerd-snapshotter': true } },
  ],
])('from Docker 23 on, the commands add the proxy to daemon.json: %s', (_, text, settings) => {
  const after = run(text)
  expect(JSON.parse(after.text)).toEqual({ ...settings, proxies })
  expect(after.text.startsWith((text ?? '{').replace(/\s*\}\s*$/, ''))).toBe(true)
  expect(after.log).toBe('systemctl restart docker\n')
  expect(after.files.some((name) => name.includes('.before-'))).toBe(text !== undefined)
})

test('if daemon.json has a proxy already, Docker only needs a restart', () => {
  const text = JSON.stringify({ proxies })
  const commands = dockerProxyCommands({ ...request, file: { path: '/d.json', current: { text, hash: '' } } })
  expect(commands).toBe('sudo systemctl restart docker')
})

const unit = `[Service]
Environment="HTTP_PROXY=http://127.0.0.1:7890"
Environment="HTTPS_PROXY=http://127.0.0.1:7890"
Environment="NO_PROXY=${proxies['no-proxy']}"`

test.each([
  ['before Docker 23', { version: '20.10.24' }],
  ['if daemon.json cannot be read', { file: undefined }],
  ['if daemon.json is not valid', { file: { path: '/d', current: { text: '{,}', hash: '' } } }],
  ['if daemon.json is no object', { file: { path: '/d', current: { text: '[]', hash: '' } } }],
  ['if daemon.json has other proxies', { file: { path: '/d', current: { text: '{"proxies":{}}', hash: '' } } }],
])('%s, the commands write a drop-in for systemd', (_, changes) => {
  expect(dockerProxyCommands({ ...request, ...changes })).toBe(`sudo mkdir -p /etc/systemd/system/docker.service.d &&
sudo tee /etc/systemd/system/docker.service.d/proxy.conf >/dev/null <<'EOF' &&
${unit}
EOF
sudo systemctl daemon-reload && sudo systemctl restart docker`)
})

test('a rootless Docker gets a drop-in of its user, and reaches this computer’s loopback from 26 on', () => {
  const rootless = { ...request, installation: 'rootless' } as const
  const commands = dockerProxyCommands(rootless)
  expect(commands).toContain('~/.config/systemd/user/docker.service.d/proxy.conf')
  expect(commands).toContain('HTTPS_PROXY=http://10.0.2.2:7890"')
  expect(commands).toContain('DISABLE_HOST_LOOPBACK=false')
  expect(commands).not.toContain('sudo')
  expect(dockerProxyCommands({ ...rootless, version: '24.0.7' })).toBeUndefined()
  const elsewhere = { ...rootless, version: '24.0.7', proxy: { kind: 'socks5', host: '10.0.0.9:1080' } } as const
  expect(dockerProxyCommands(elsewhere)).toContain('HTTPS_PROXY=socks5://10.0.0.9:1080"')
  expect(dockerProxyCommands(elsewhere)).not.toContain('LOOPBACK')
})

test('the snap package and a computer without systemd restart Docker in their way', () => {
  expect(dockerProxyCommands({ ...request, installation: 'snap' })).toMatch(/\nsudo snap restart docker$/)
  expect(dockerProxyCommands({ ...request, hasSystemd: false })).toMatch(/\nsudo service docker restart$/)
  expect(dockerProxyCommands({ ...request, hasSystemd: false, version: '20.10' })).toBeUndefined()
})

test.each(['desktop', 'podman', 'elsewhere'] as const)('there are no commands for %s', (installation) => {
  expect(dockerProxyCommands({ ...request, installation })).toBeUndefined()
})

test('the login is left to the user, and only plain entries of NO_PROXY are copied', () => {
  const proxy = { kind: 'http', host: 'p:3128', login: { username: 'ada', password: 'secret' } } as const
  const noProxy = ' .corp.example ,10.0.0.0/8,a"b,$(x),[::1]:443'
  const commands = dockerProxyCommands({ ...request, version: '20.10', proxy, noProxy })
  expect(commands).toContain('"HTTPS_PROXY=http://USER:PASSWORD@p:3128"')
  expect(commands).toContain('"NO_PROXY=.corp.example,10.0.0.0/8,[::1]:443"')
  expect(commands).not.toMatch(/ada|secret/)
})
