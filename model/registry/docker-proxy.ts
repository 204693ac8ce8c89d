/** Makes Docker use the proxy that Slipway uses. */
import { replaceFileCommands } from '../daemon-config/commands.ts'
import type { Installation } from '../daemon-config/plan.ts'
import { isLoopback } from '../image/registry-place.ts'
import type { Proxy } from './proxy.ts'

export interface DockerProxyRequest {
  readonly proxy: Proxy
  /** NO_PROXY of Slipway's environment; may be empty. */
  readonly noProxy: string
  readonly version: string
  readonly installation: Installation
  /** Whether systemd manages the services of this computer. */
  readonly hasSystemd: boolean
  /** The engine's daemon.json; absent if it cannot be read. */
  readonly file?: DaemonFile | undefined
}

interface DaemonFile {
  readonly path: string
  /** The text and its SHA-256; absent if the file does not exist. */
  readonly current?: { readonly text: string; readonly hash: string }
}

/**
 * Commands for a POSIX shell that give Docker the proxy, and restart it: a running dockerd keeps its proxy. A login is
 * written as `USER:PASSWORD`.
 * @returns undefined if no commands are known: for Docker Desktop, Podman, and engines elsewhere
 */
export function dockerProxyCommands(request: DockerProxyRequest): string | undefined {
  const { installation, hasSystemd } = request
  if (installation === 'rootless') return rootlessCommands(request)
  if (installation !== 'system' && installation !== 'snap') return undefined
  return daemonFileCommands(request) ?? (installation === 'system' && hasSystemd ? unitCommands(request) : undefined)
}

/** Docker reads `proxies` in daemon.json from version 23 on. It counts before the environment. */
function daemonFileCommands({ file, ...request }: DockerProxyRequest): string | undefined {
  if (!file || majorOf(request.version) < 23) return undefined
  const restart = restartCommand(request)
  const text = withProxies(file.current?.text, request)
  if (text === undefined) return undefined
  if (text === file.current?.text) return restart
  const change = { file: file.path, oldHash: file.current?.hash, text, installation: request.installation }
  return [...replaceFileCommands(change), restart].join('\n')
}

/**
 * Appends `proxies` to the object; everything else is preserved byte for byte.
 * @returns the same text if it already has an HTTPS proxy; undefined if it is not a JSON object, or has other `proxies`
 */
function withProxies(text: string | undefined, request: ProxyAndExceptions): string | undefined {
  const current = text?.trim() || '{}'
  const settings = parseObject(current)
  if (!settings) return undefined
  if ('proxies' in settings) {
    const { proxies } = settings
    return typeof proxies === 'object' && proxies !== null && 'https-proxy' in proxies ? text : undefined
  }
  const url = shownUrl(request.proxy)
  const proxies = { 'http-proxy': url, 'https-proxy': url, 'no-proxy': exceptions(request) }
  const member = `  "proxies": ${JSON.stringify(proxies, null, 2).replaceAll('\n', '\n  ')}`
  const comma = Object.keys(settings).length > 0 ? ',' : ''
  return `${current.slice(0, -1).trimEnd()}${comma}\n${member}\n}\n`
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function restartCommand({ installation, hasSystemd }: Pick<DockerProxyRequest, 'installation' | 'hasSystemd'>): string {
  if (installation === 'snap') return 'sudo snap restart docker'
  return hasSystemd ? 'sudo systemctl restart docker' : 'sudo service docker restart'
}

const unitCommands = (request: DockerProxyRequest): string =>
  [
    'sudo mkdir -p /etc/systemd/system/docker.service.d &&',
    `sudo tee /etc/systemd/system/docker.service.d/proxy.conf >/dev/null <<'EOF' &&`,
    ...unitLines(shownUrl(request.proxy), request),
    'EOF',
    'sudo systemctl daemon-reload && sudo systemctl restart docker',
  ].join('\n')

/**
 * Rootless Docker has its own network, in which 127.0.0.1 is not this computer. From version 26 on it can be let through,
 * as 10.0.2.2 (slirp4netns, the default; moby#47352).
 */
function rootlessCommands(request: DockerProxyRequest): string | undefined {
  const { proxy, version } = request
  const isLocal = isLoopback(proxy.host)
  if (isLocal && majorOf(version) < 26) return undefined
  const host = isLocal ? `10.0.2.2${/:\d+$/.exec(proxy.host)?.[0] ?? ''}` : proxy.host
  return [
    'mkdir -p ~/.config/systemd/user/docker.service.d &&',
    `tee ~/.config/systemd/user/docker.service.d/proxy.conf >/dev/null <<'EOF' &&`,
    ...unitLines(shownUrl({ ...proxy, host }), request),
    ...(isLocal ? ['Environment="DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false"'] : []),
    'EOF',
    'systemctl --user daemon-reload && systemctl --user restart docker',
  ].join('\n')
}

type ProxyAndExceptions = Pick<DockerProxyRequest, 'proxy' | 'noProxy'>

const unitLines = (url: string, request: ProxyAndExceptions) => [
  '[Service]',
  `Environment="HTTP_PROXY=${url}"`,
  `Environment="HTTPS_PROXY=${url}"`,
  `Environment="NO_PROXY=${exceptions(request)}"`,
]

const shownUrl = ({ kind, host, login }: Proxy) => `${kind}://${login ? 'USER:PASSWORD@' : ''}${host}`

/** What Docker should reach without the proxy: what the user's NO_PROXY lists; by default private networks. */
function exceptions({ noProxy }: ProxyAndExceptions): string {
  const entries = noProxy
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => /^[\w.:*/[\]-]+$/.test(entry))
  return (entries.length > 0 ? entries : ['localhost', '127.0.0.0/8', ...privateNetworks]).join(',')
}

/** RFC 1918, where companies' registries are. */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']

const majorOf = (version: string) => Number.parseInt(version, 10)
