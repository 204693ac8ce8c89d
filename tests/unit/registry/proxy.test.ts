import { expect, test } from 'vitest'
import { listsTarget } from '../../../model/registry/no-proxy.ts'
import { environmentProxy, parseProxy, proxyOfPacResult, proxyUrl } from '../../../model/registry/proxy.ts'
import { readCorpus } from '../../corpus/corpus.ts'

const lines = readCorpus<'setting' | 'slipway'>('proxies')

/**
 * `setting`: variables separated by spaces (a space within a value is `%20`), or `desktop: LIST`. `slipway`: URLs and
 * how each is reached: `URL direct`, `URL unset`, or `URL proxy`, separated by `; `.
 */
test.each(lines)('$setting: $slipway', ({ setting, slipway }) => {
  expect(slipway).not.toBe('')
  for (const expectation of slipway.split('; ')) {
    const [address = '', expected] = expectation.split(' ')
    expect({ address, reached: reached(setting, address) }).toEqual({ address, reached: expected })
  }
})

function reached(setting: string, address: string): string {
  const desktop = /^desktop: (.*)$/.exec(setting)?.[1]
  const env = desktop === undefined ? variables(setting) : {}
  const { protocol, hostname, port } = new URL(address)
  const scheme = protocol === 'http:' ? 'http' : 'https'
  const target = {
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (scheme === 'http' ? 80 : 443),
  } as const
  const proxy = environmentProxy(env, target)
  const chosen = proxy === 'unset' && desktop !== undefined ? (proxyOfPacResult(desktop) ?? 'direct') : proxy
  return typeof chosen === 'string' ? chosen : proxyUrl(chosen)
}

const variables = (setting: string) =>
  Object.fromEntries(
    setting.split(' ').map((variable) => {
      const [name = '', ...value] = variable.split('=')
      return [name, value.join('=').replaceAll('%20', ' ')]
    }),
  )

test('what is shown of a proxy is its host and port, never its login', () => {
  expect(parseProxy('http://ada:s%2Fecret@Proxy.Example')).toEqual({
    kind: 'http',
    host: 'proxy.example:80',
    login: { username: 'ada', password: 's/ecret' },
  })
})

test.each(['', 'ftp://proxy:21', 'http://', 'http://proxy:99999', 'http://ada:100%@proxy', 'a b', 'socks4://p:1'])(
  '“%s” is no proxy',
  (text) => expect(parseProxy(text)).toBeUndefined(),
)

/** Cases of Go's own test of NO_PROXY (httpproxy/proxy_test.go, UseProxyTests). */
test.each([
  [
    'foobar.com, .barbaz.net, 1.2.3.4, 10.0.0.0/8',
    ['foobar.com', 'www.foobar.com', 'x.barbaz.net', '1.2.3.4', '10.2.3.4'],
  ],
  ['[::1]:443, fe80::/10, 2001:db8::7', ['fe80::1', '2001:db8:0:0:0:0:0:7']],
  ['*.corp.example:443', ['a.corp.example', 'a.b.corp.example']],
  ['nothing.example, *', ['any.example', '8.8.8.8']],
  ['10.0.0.0/8', ['::ffff:10.1.2.3']],
])('%s lists %s', (noProxy, hosts) => {
  for (const host of hosts) expect([host, listsTarget(noProxy, { host, port: 443 })]).toEqual([host, true])
})

test.each([
  ['foobar.com, .barbaz.net, 1.2.3.4, 10.0.0.0/8', ['notfoobar.com', 'barbaz.net', '1.2.3.5', '11.2.3.4', 'com']],
  ['*.corp.example:443, registry.example:5000', ['corp.example', 'registry.example']],
  ['*.corp.example:80', ['a.corp.example']],
  ['192.168.*, 300.1.1.1/8, 10.0.0.0/33, :443, ,, fe80::/129', ['192.168.1.5', '10.0.0.1', 'fe80::1', '']],
  ['a.example b.example', ['a.example', 'b.example']],
])('%s does not list %s', (noProxy, hosts) => {
  for (const host of hosts) expect([host, listsTarget(noProxy, { host, port: 443 })]).toEqual([host, false])
})
