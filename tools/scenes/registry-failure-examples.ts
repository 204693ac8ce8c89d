/** Examples of the failures of a registry, a search or a pull. */
import type { RegistryFailure } from '../../preload/contract/index.ts'
import type { Examples } from './examples-of.ts'

const reference = 'shop/web:2.3.0'
const host = 'registry.example.com'
const proxyCommands = `sudo mkdir -p /etc/systemd/system/docker.service.d &&
sudo tee /etc/systemd/system/docker.service.d/proxy.conf >/dev/null <<'EOF' &&
[Service]
Environment="HTTPS_PROXY=http://127.0.0.1:7890"
EOF
sudo systemctl daemon-reload && sudo systemctl restart docker`
const loginCommands = proxyCommands.replace('127.0.0.1:7890', 'USER:PASSWORD@proxy.corp:3128')
const refusedProxy = 'proxyconnect tcp: dial tcp 127.0.0.1:7890: connect: connection refused'

export const registryFailureExamples: Examples<RegistryFailure> = {
  'registry-unreachable': [
    { code: 'registry-unreachable', host, detail: 'connect ETIMEDOUT 203.0.113.7:443' },
    { code: 'registry-unreachable', host, detail: `getaddrinfo ENOTFOUND ${host}`, reason: 'no-host' },
    { code: 'registry-unreachable', host, detail: `getaddrinfo EAI_AGAIN ${host}`, reason: 'no-network' },
    { code: 'registry-unreachable', host, detail: 'connect ECONNREFUSED 203.0.113.7:443', reason: 'refused' },
    { code: 'registry-unreachable', host, detail: 'read ECONNRESET', reason: 'cut' },
    { code: 'registry-unreachable', host, detail: 'unexpected EOF', reason: 'cut', downloading: true },
  ],
  'registry-proxy': [
    { code: 'registry-proxy', host, proxy: '127.0.0.1:7890', detail: 'connect ECONNREFUSED', reason: 'refused' },
    { code: 'registry-proxy', host, proxy: 'proxy.corp:3128', detail: 'getaddrinfo ENOTFOUND', reason: 'no-host' },
    { code: 'registry-proxy', host, proxy: 'proxy.corp:3128', detail: 'Proxy response (407)', reason: 'login' },
    { code: 'registry-proxy', host, proxy: '127.0.0.1:7890', detail: 'Invalid SOCKS version: 72' },
  ],
  'docker-proxy-missing': [
    {
      ...{ code: 'docker-proxy-missing', host: 'docker.io', proxy: '127.0.0.1:7890' },
      remedy: { kind: 'commands', commands: proxyCommands },
    },
    {
      ...{ code: 'docker-proxy-missing', host, proxy: 'proxy.corp:3128' },
      remedy: { kind: 'commands', commands: loginCommands, needsLogin: true },
    },
    { code: 'docker-proxy-missing', host: 'docker.io', proxy: '127.0.0.1:7890', remedy: { kind: 'desktop' } },
    { code: 'docker-proxy-missing', host: 'docker.io', proxy: '127.0.0.1:7890', remedy: { kind: 'unknown' } },
  ],
  'registry-slow': [{ code: 'registry-slow', host }],
  'registry-tls': [
    { code: 'registry-tls', host, detail: 'wrong version number' },
    { code: 'registry-tls', host, detail: 'self-signed certificate', reason: 'unknown-authority' },
    { code: 'registry-tls', host, detail: 'certificate required', reason: 'client-certificate' },
    { code: 'registry-tls', host, detail: 'certificate has expired', reason: 'expired' },
    { code: 'registry-tls', host, detail: 'certificate is not yet valid', reason: 'not-yet-valid' },
  ],
  'registry-login': [
    { code: 'registry-login', host },
    { code: 'registry-login', host: 'docker.io' },
    { code: 'registry-login', host: 'registry.example.com:5000', reason: 'unencrypted' },
    { code: 'registry-login', host: 'registry.example.com:5000', reason: 'unverified' },
    { code: 'registry-login', host, helper: { name: 'docker-credential-desktop', problem: 'missing', message: '' } },
    {
      ...{ code: 'registry-login', host },
      helper: { name: 'docker-credential-pass', problem: 'failed', message: 'pass not initialized: exit status 1' },
    },
    { code: 'registry-login', host, helper: { name: 'docker-credential-gcloud', problem: 'failed', message: '' } },
    { code: 'registry-login', host, helper: { name: 'docker-credential-pass', problem: 'slow', message: '' } },
  ],
  'registry-realm': [{ code: 'registry-realm', host, realm: 'auth.example.com' }],
  'registry-denied': [
    { code: 'registry-denied', host },
    { code: 'registry-denied', host: 'hub.mirror.example.com', mirror: true },
  ],
  'registry-region': [{ code: 'registry-region', host: 'docker.io' }],
  'registry-limited': [
    { code: 'registry-limited', host: 'docker.io' },
    { code: 'registry-limited', host: 'docker.io', until: 1_767_225_600 },
    { code: 'registry-limited', host: 'docker.io', anonymous: true },
    { code: 'registry-limited', host: 'hub.mirror.example.com', mirror: true },
    { code: 'registry-limited', host: 'docker.io', loginUnused: true },
    {
      ...{ code: 'registry-limited', host: 'docker.io' },
      helper: { name: 'docker-credential-desktop', problem: 'missing', message: '' },
    },
  ],
  'registry-plain': [
    { code: 'registry-plain', host: '192.168.1.20:5000', reload: 'systemctl --user reload docker' },
    { code: 'registry-plain', host: '192.168.1.20:5000', proxy: true },
    { code: 'registry-plain', host: 'docker.io', proxy: true },
    { code: 'registry-plain', host: 'hub.mirror.example.com', mirror: true },
  ],
  'engine-proxy': [
    { code: 'engine-proxy', host: 'docker.io', proxy: '127.0.0.1:7890', reason: 'unreachable', detail: refusedProxy },
    { code: 'engine-proxy', host: 'docker.io', reason: 'unreachable', detail: 'proxyconnect tcp: EOF' },
    { code: 'engine-proxy', host: 'docker.io', reason: 'plain', detail: 'proxyconnect tcp: tls: first record' },
    { code: 'engine-proxy', host: 'docker.io', reason: 'login', detail: 'Proxy Authentication Required' },
    { code: 'engine-proxy', host: 'docker.io', reason: 'refused', detail: 'Forbidden' },
  ],
  'registry-invalid-reply': [
    { code: 'registry-invalid-reply', host },
    { code: 'registry-invalid-reply', host, page: true },
  ],
  'registry-error': [
    { code: 'registry-error', host, status: 503 },
    { code: 'registry-error', host, status: 410 },
  ],
  'registry-redirects': [{ code: 'registry-redirects', host }],
  'registry-address': [
    { code: 'registry-address', host, target: 'auth.example.com', address: '10.0.0.5' },
    { code: 'registry-address', host, target: '127.0.0.1:8080' },
  ],
  'content-altered': [{ code: 'content-altered', host }],
  'mirror-accepts-unknown-digest': [{ code: 'mirror-accepts-unknown-digest', host }],
  'reference-invalid': [{ code: 'reference-invalid', reference: 'Shop/Web:2.3.0' }],
  'reference-unknown': [
    { code: 'reference-unknown', reference },
    {
      ...{ code: 'reference-unknown', reference },
      helper: { name: 'docker-credential-desktop', problem: 'missing', message: '' },
    },
  ],
  'platform-missing': [
    { code: 'platform-missing', reference, platform: 'linux/arm64' },
    { code: 'platform-missing', reference, platform: 'linux/arm64', platforms: ['linux/amd64', 'linux/386'] },
  ],
  'image-system': [{ code: 'image-system', reference, system: 'windows' }],
  'image-format-old': [{ code: 'image-format-old', reference }],
  'engine-ids-missing': [{ code: 'engine-ids-missing', reference }],
  'pull-corrupt': [{ code: 'pull-corrupt', reference }],
  'pull-disk-full': [{ code: 'pull-disk-full' }],
  'pull-no-space': [{ code: 'pull-no-space', reference, needed: 4_200_000_000, free: 1_100_000_000 }],
}
