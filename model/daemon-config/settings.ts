/**
 * The settings that dockerd reads from daemon.json, and the type of each. Source: moby daemon/config (20.10 to 28) and
 * `dockerd --help`.
 */

/** `texts`: a list of strings. `text-map`: an object whose values are strings. */
export type SettingType = 'text' | 'texts' | 'text-map' | 'boolean' | 'number' | 'list' | 'object' | 'any'

const keysByType: Partial<Record<SettingType, string>> = {
  texts:
    'registry-mirrors insecure-registries hosts labels dns dns-opts dns-search storage-opts exec-opts ' +
    'authorization-plugins allow-nondistributable-artifacts node-generic-resources cdi-spec-dirs',
  'text-map': 'log-opts cluster-store-opts',
  boolean:
    'debug tls tlsverify icc iptables ip6tables ip-forward ip-masq ipv6 userland-proxy experimental live-restore init ' +
    'no-new-privileges selinux-enabled raw-logs rootless disable-legacy-registry allow-direct-routing ' +
    'ip-forward-no-drop cri-containerd',
  number:
    'mtu network-control-plane-mtu shutdown-timeout max-concurrent-downloads max-concurrent-uploads ' +
    'max-download-attempts oom-score-adjust cpu-rt-period cpu-rt-runtime',
  text:
    'data-root graph exec-root pidfile log-driver log-level log-format tlscacert tlscert tlskey ip bip bip6 fixed-cidr ' +
    'fixed-cidr-v6 default-gateway default-gateway-v6 bridge userland-proxy-path storage-driver metrics-addr ' +
    'swarm-default-advertise-addr containerd containerd-namespace containerd-plugins-namespace cgroup-parent ' +
    'default-runtime init-path seccomp-profile userns-remap default-ipc-mode default-cgroupns-mode group ' +
    'api-cors-header deprecated-key-path cluster-store cluster-advertise http-proxy https-proxy no-proxy ' +
    'firewall-backend min-api-version',
  list: 'default-address-pools',
  object: 'default-ulimits runtimes features builder proxies default-network-opts',
  any: 'default-shm-size host-gateway-ip host-gateway-ips bridge-accept-fwmark',
}

const typeByKey: ReadonlyMap<string, SettingType> = new Map(
  Object.entries(keysByType).flatMap(([type, keys]) => keys.split(' ').map((key) => [key, type as SettingType])),
)

/** @returns the type of a setting; undefined if no version up to 28 has the setting */
export const settingType = (key: string): SettingType | undefined => typeByKey.get(key)

/** Names of flags that are no settings: Docker accepts them in the file, and ignores them. */
const ignoredKeys = new Set(
  (
    'registry-mirror insecure-registry host label dns-opt exec-opt storage-opt log-opt authorization-plugin ' +
    'default-ulimit add-runtime default-address-pool node-generic-resource cdi-spec-dir feature default-network-opt ' +
    'config-file validate help version'
  ).split(' '),
)

export const isIgnored = (key: string): boolean => ignoredKeys.has(key)

/** Settings that Docker removed: the first major version known to refuse each, and what replaces it. */
export const removedSettings: ReadonlyMap<string, { readonly since: number; readonly means?: string }> = new Map([
  ['graph', { since: 23, means: 'data-root' }],
  ['cluster-store', { since: 23 }],
  ['cluster-advertise', { since: 23 }],
  ['cluster-store-opts', { since: 23 }],
  ['disable-legacy-registry', { since: 23 }],
  ['oom-score-adjust', { since: 26 }],
])

/** @returns the setting that a misspelled key means: `Registry_Mirror` is `registry-mirrors` */
export function meantSetting(key: string): string | undefined {
  return settingBySpelling.get(spellingOf(key))
}

const spellingOf = (key: string) =>
  key
    .toLowerCase()
    .replace(/[\s_-]/g, '')
    .replace(/ies$/, 'y')
    .replace(/s$/, '')

const settingBySpelling: ReadonlyMap<string, string> = new Map(
  [...typeByKey.keys()].map((key) => [spellingOf(key), key] as const).toReversed(),
)

/** The setting of a dockerd flag: `--registry-mirror` is `registry-mirrors`. */
export function settingOfFlag(flag: string): string {
  const short: Readonly<Record<string, string>> = {
    ...{ '-H': 'hosts', '-D': 'debug', '-l': 'log-level', '-s': 'storage-driver', '-b': 'bridge', '-G': 'group' },
    '-p': 'pidfile',
  }
  const name = flag.replace(/^--/, '')
  const plural = name === 'insecure-registry' ? 'insecure-registries' : `${name}s`
  return short[flag] ?? (typeByKey.has(name) ? name : plural)
}
