/** At least one example of every error code. A new code without an example does not compile. */
import type { Failure } from '../../preload/contract/index.ts'
import type { Examples } from './examples-of.ts'
import { registryFailureExamples } from './registry-failure-examples.ts'

const image = `sha256:${'3f8a'.repeat(16)}`
const reference = 'shop/web:2.3.0'
const endpoint = 'unix:///var/run/docker.sock'
const system = { type: 'system', manager: 'systemd', installed: true } as const
const remote = { type: 'ssh', host: 'build.example.com' } as const
const address = 'https://hub.mirror.example.com'
const copy = '/home/ada/Slipway/shop_web_2.3.0-0a1b2c3d4e5f.tar'
const folder = '/home/ada/Slipway'
const daemonFile = '/etc/docker/daemon.json'
const state = 'untouched'

export const failureExamples: Examples<Failure> = {
  'bad-input': [{ code: 'bad-input' }],
  internal: [{ code: 'internal' }],
  busy: [{ code: 'busy' }],
  'image-gone': [{ code: 'image-gone', image }],
  'tag-taken': [{ code: 'tag-taken', reference, image }],

  'plan-unknown': [{ code: 'plan-unknown' }],
  'plan-outdated': [{ code: 'plan-outdated' }],
  'image-changed': [{ code: 'image-changed', image }],
  'image-not-removed': [{ code: 'image-not-removed', image }],
  'disk-full': [{ code: 'disk-full', folder, needed: 4_200_000_000, free: 1_100_000_000 }],
  'folder-unusable': [{ code: 'folder-unusable', folder, detail: 'EACCES: permission denied' }],
  'undo-unavailable': [{ code: 'undo-unavailable' }],
  'undo-other-engine': [{ code: 'undo-other-engine', endpoint: 'ssh://ada@build.example.com' }],
  'copy-missing': [{ code: 'copy-missing', file: copy }],
  'copy-not-deleted': [{ code: 'copy-not-deleted', file: copy, detail: 'EROFS: read-only file system' }],
  'copy-failed': [
    { code: 'copy-failed', name: reference, detail: 'open /var/lib/docker/overlay2: no such file' },
    { code: 'copy-failed', name: reference, detail: 'write /var/lib/docker/tmp/x: no space left on device' },
    { code: 'copy-failed', name: reference, detail: 'blob not found' },
  ],
  'copy-incomplete': [
    { code: 'copy-incomplete', name: reference, problem: { kind: 'ended-early' } },
    { code: 'copy-incomplete', name: reference, problem: { kind: 'missing', path: 'blobs/sha256/3f8a3f8a' } },
    { code: 'copy-incomplete', name: reference, problem: { kind: 'altered', path: 'blobs/sha256/3f8a3f8a' } },
    { code: 'copy-incomplete', name: reference, problem: { kind: 'platform-missing', platform: 'linux/arm64' } },
    { code: 'copy-incomplete', name: reference, problem: { kind: 'other-image' } },
    { code: 'copy-incomplete', name: reference, problem: { kind: 'name-missing', reference } },
  ],
  'copy-changed': [{ code: 'copy-changed', file: copy }],
  'copy-not-loaded': [
    { code: 'copy-not-loaded', file: copy, detail: 'unexpected EOF' },
    { code: 'copy-not-loaded', file: copy, detail: 'write /x: no space left on device' },
    { code: 'copy-not-loaded', file: copy, detail: 'lchown /etc/gshadow: invalid argument' },
  ],
  'name-taken': [{ code: 'name-taken', reference }],

  'cache-not-removable': [{ code: 'cache-not-removable' }],
  'cache-not-removed': [{ code: 'cache-not-removed' }],
  'cache-more-removed': [{ code: 'cache-more-removed' }],

  ...registryFailureExamples,

  'mirror-address-invalid': [{ code: 'mirror-address-invalid', address: 'hub mirror' }],
  'mirror-listed': [{ code: 'mirror-listed', address }],
  'mirrors-too-many': [{ code: 'mirrors-too-many', limit: 500 }],
  'file-unusable': [{ code: 'file-unusable', file: '/home/ada/mirrors.txt', detail: 'EACCES: permission denied' }],

  'engine-not-found': [
    { code: 'engine-not-found', endpoint, kind: { type: 'system', manager: 'systemd', installed: false } },
    { code: 'engine-not-found', endpoint, kind: system },
    { code: 'engine-not-found', endpoint: 'unix:///nowhere/docker.sock', kind: { type: 'unknown' } },
  ],
  'engine-stopped': [
    { code: 'engine-stopped', endpoint, kind: system },
    { code: 'engine-stopped', endpoint, kind: { type: 'snap' } },
    { code: 'engine-stopped', endpoint, kind: { type: 'podman', scope: 'user', managed: true } },
    { code: 'engine-stopped', endpoint, kind: { type: 'colima', profile: 'work' } },
    { code: 'engine-stopped', endpoint, kind: { type: 'desktop', start: 'app' } },
    { code: 'engine-stopped', endpoint, kind: { type: 'desktop', start: 'windows' } },
    { code: 'engine-stopped', endpoint, kind: { type: 'rancher' } },
    { code: 'engine-stopped', endpoint, kind: { type: 'unknown' } },
    { code: 'engine-stopped', endpoint: 'ssh://build.example.com', kind: remote },
    {
      ...{ code: 'engine-stopped', endpoint: 'tcp://10.0.0.5:2375' },
      kind: { type: 'tcp', host: '10.0.0.5', address: '10.0.0.5:2375' },
    },
    { code: 'engine-stopped', endpoint, kind: { type: 'forwarded', host: 'build' } },
  ],
  'engine-permission': [
    { code: 'engine-permission', endpoint, kind: system },
    { code: 'engine-permission', endpoint, kind: { ...system, group: 'login' } },
    { code: 'engine-permission', endpoint, kind: { type: 'snap', group: 'missing' } },
    { code: 'engine-permission', endpoint, kind: { type: 'podman', scope: 'system', managed: true } },
    { code: 'engine-permission', endpoint, kind: { type: 'rootless', managed: true } },
    { code: 'engine-permission', endpoint: 'tcp://10.0.0.5:2375' },
  ],
  'engine-unreachable': [
    { code: 'engine-unreachable', endpoint, kind: system, detail: 'Parse Error: Expected HTTP/' },
    { code: 'engine-unreachable', endpoint: 'ssh://build.example.com', kind: remote, detail: 'connect EHOSTUNREACH' },
  ],
  'engine-timeout': [
    { code: 'engine-timeout', endpoint, kind: system, seconds: 10 },
    { code: 'engine-timeout', endpoint: 'ssh://build.example.com', kind: remote, seconds: 10 },
  ],
  'engine-too-old': [{ code: 'engine-too-old', endpoint, kind: system, api: '1.39', needed: '1.40' }],
  'engine-refused': [{ code: 'engine-refused', detail: 'layer does not exist' }],
  'context-unknown': [
    { code: 'context-unknown', context: 'build-server' },
    { code: 'context-unknown', context: 'desktop-linux', source: 'config' },
    { code: 'context-unknown', context: 'build-server', source: 'environment' },
  ],
  'context-unreadable': [
    {
      code: 'context-unreadable',
      file: '/home/ada/.docker/contexts/meta/5f1c0a/meta.json',
      detail: 'Unexpected end of JSON input',
    },
  ],
  'address-unusable': [
    { code: 'address-unusable', address: 'fd://', fault: 'fd' },
    { code: 'address-unusable', address: 'npipe:////./pipe/docker_engine', context: 'windows', fault: 'npipe' },
    { code: 'address-unusable', address: 'unix:/var/run/docker.sock', fault: 'protocol' },
    { code: 'address-unusable', address: 'tcp://10.0.0.5:docker', context: 'build', fault: 'malformed' },
    { code: 'address-unusable', address: 'ssh://ada:…@build.example.com', context: 'build', fault: 'ssh-password' },
    { code: 'address-unusable', address: 'ssh://$(id)@build', fault: 'ssh-characters' },
  ],

  'helper-missing': [{ code: 'helper-missing', file: '/usr/lib/slipway/slipway-daemon-file' }],
  'helper-dismissed': [{ code: 'helper-dismissed' }],
  'helper-no-agent': [{ code: 'helper-no-agent' }],
  'helper-not-allowed': [{ code: 'helper-not-allowed' }],
  'helper-version': [{ code: 'helper-version', installed: 1, needed: 2 }],
  'helper-ended': [{ code: 'helper-ended', detail: 'killed by SIGKILL' }],
  'helper-busy': [{ code: 'helper-busy' }],
  'daemon-file-needs-password': [
    { code: 'daemon-file-needs-password', file: daemonFile, helper: true },
    { code: 'daemon-file-needs-password', file: daemonFile, helper: false },
  ],
  'daemon-file-interrupted': [
    { code: 'daemon-file-interrupted', file: daemonFile, helper: true },
    { code: 'daemon-file-interrupted', file: daemonFile, helper: false },
  ],
  'daemon-file-changed': [{ code: 'daemon-file-changed', state }],
  'daemon-file-invalid': [{ code: 'daemon-file-invalid', line: 4, column: 3, detail: 'a comma is missing', state }],
  'daemon-file-duplicate-key': [{ code: 'daemon-file-duplicate-key', key: 'registry-mirrors', state }],
  'daemon-file-too-large': [{ code: 'daemon-file-too-large', bytes: 2_400_000, most: 1_000_000, state }],
  'daemon-file-unsuitable': [
    { code: 'daemon-file-unsuitable', what: 'folder', target: daemonFile, state },
    { code: 'daemon-file-unsuitable', what: 'special', target: daemonFile, state },
    { code: 'daemon-file-unsuitable', what: 'hard-link', target: daemonFile, state },
    { code: 'daemon-file-unsuitable', what: 'link-broken', target: '/srv/docker/daemon.json', state },
    { code: 'daemon-file-unsuitable', what: 'link-unsafe', target: '/srv/docker/daemon.json', state },
  ],
  'daemon-file-folder-unsafe': [{ code: 'daemon-file-folder-unsafe', folder: '/etc/docker', state }],
  'daemon-file-read-only': [{ code: 'daemon-file-read-only', folder: '/etc/docker', state }],
  'daemon-file-no-space': [{ code: 'daemon-file-no-space', folder: '/etc/docker', state }],
  'daemon-file-not-writable': [
    { code: 'daemon-file-not-writable', folder: '/etc/docker', detail: 'Operation not permitted', state },
  ],
  'daemon-file-mirror-invalid': [{ code: 'daemon-file-mirror-invalid', mirror: address, state }],
  'daemon-file-registry-invalid': [
    { code: 'daemon-file-registry-invalid', registry: 'registry.example.com/path', state },
  ],
  'daemon-file-engine-down': [
    { code: 'daemon-file-engine-down', state },
    { code: 'daemon-file-engine-down', start: 'systemctl --user start docker', state },
  ],
  'daemon-file-other-file': [{ code: 'daemon-file-other-file', file: '/srv/docker/daemon.json', state }],
  'daemon-file-flag-conflict': [{ code: 'daemon-file-flag-conflict', key: 'insecure-registries', state }],
  'daemon-file-refused': [
    { code: 'daemon-file-refused', detail: 'invalid registry-mirrors', state },
    { code: 'daemon-file-refused', detail: '', state },
    { code: 'daemon-file-refused', detail: 'invalid registry-mirrors', state: 'restored' },
    { code: 'daemon-file-refused', detail: 'invalid registry-mirrors', state: 'left' },
    { code: 'daemon-file-refused', detail: 'invalid registry-mirrors', state: 'unsure' },
  ],
  'daemon-file-reload-failed': [{ code: 'daemon-file-reload-failed', detail: 'No such process', state: 'restored' }],
  'daemon-file-not-applied': [{ code: 'daemon-file-not-applied', state: 'restored' }],
  'daemon-file-unconfirmed': [{ code: 'daemon-file-unconfirmed', state: 'restored' }],
  'daemon-file-no-backup': [{ code: 'daemon-file-no-backup', state }],
  'daemon-file-test-failed': [{ code: 'daemon-file-test-failed', state: 'restored' }],
  'daemon-file-recovered': [{ code: 'daemon-file-recovered', state: 'restored' }],
  'daemon-file-cancelled': [{ code: 'daemon-file-cancelled', state: 'restored' }],
  'daemon-file-helper-error': [{ code: 'daemon-file-helper-error', why: 'the path is not absolute', state }],

  'run-fault': [{ code: 'run-fault', field: 'ports', fault: { field: 'ports', row: 0, code: 'port-host' } }],
  'port-taken': [{ code: 'port-taken', field: 'ports', row: 0, port: '8080', next: '8081' }],
  'container-name-taken': [{ code: 'container-name-taken', field: 'name', name: 'web', suggestion: 'web-2' }],
  'command-missing': [{ code: 'command-missing', field: 'command', command: 'bash', next: 'sh' }],
  'image-platform': [{ code: 'image-platform', field: 'reference', platform: 'linux/arm64', engine: 'linux/amd64' }],
  'program-format': [{ code: 'program-format', field: 'reference' }],
  'mount-denied': [{ code: 'mount-denied', field: 'volumes', row: 0, source: '/home/ada/site' }],
  'mount-declined': [{ code: 'mount-declined', field: 'volumes', row: 0, source: '/home/ada/site' }],
  'firewall-rules-lost': [
    { code: 'firewall-rules-lost', restart: 'sudo systemctl restart docker' },
    { code: 'firewall-rules-lost' },
  ],
  'mount-missing': [{ code: 'mount-missing', field: 'volumes', row: 0, source: '/home/ada/site' }],
  'network-unknown': [{ code: 'network-unknown', field: 'network', network: 'backend' }],
  'user-unknown': [{ code: 'user-unknown', field: 'user', user: 'www' }],
  'reference-moved': [{ code: 'reference-moved', field: 'reference', reference }],
  'run-refused': [{ code: 'run-refused', detail: 'invalid memory limit' }],

  'container-gone': [{ code: 'container-gone' }],
  'container-running': [{ code: 'container-running' }],
  'container-changed': [{ code: 'container-changed' }],
  'container-not-running': [{ code: 'container-not-running' }],
  'shell-missing': [{ code: 'shell-missing' }],
  'terminal-gone': [{ code: 'terminal-gone' }],
  'terminals-too-many': [{ code: 'terminals-too-many', limit: 100 }],
}
