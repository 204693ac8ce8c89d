/** Whom Slipway trusts, next to dockerd: the system's certificates, and those of a registry in certs.d. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { httpClient } from '../../../main/registry/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { makeAuthority, type Authority } from '../../../tools/world/hub/authority.ts'
import { matrix } from '../matrix.ts'
import { listen } from './hosts.ts'

// Not a loopback address: dockerd does not verify the certificates of registries there.
const address = '10.99.7.1'
const [name, otherName] = ['certs.example', 'other.example']

let authority: Authority
let server: Server
let port: number
beforeAll(async () => {
  execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'])
  appendFileSync('/etc/hosts', `\n${address} ${name} ${otherName}\n`)
  authority = makeAuthority(mkdtempSync(join(tmpdir(), 'authority-')))
  const options = { ...authority.issue([name, otherName]), requestCert: true, rejectUnauthorized: false }
  server = createServer(options, (request, response) => {
    const hasCertificate = (request.socket as Socket & { authorized: boolean }).authorized
    response.writeHead(request.url === '/v2/' ? 200 : 404, { 'x-client': hasCertificate ? 'known' : 'unknown' })
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
  })
  server.listen(0, address)
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server?.close()
  server?.closeAllConnections()
})

/** Writes a file until the end of the test. /etc is the world’s own. */
function writeInWorld(file: string, content: string | Buffer): void {
  const backup = existsSync(file) ? `${file}.before` : undefined
  if (backup) cpSync(file, backup)
  onTestFinished(() => {
    rmSync(file)
    if (backup) {
      cpSync(backup, file)
      rmSync(backup)
    }
  })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

const caText = () => execFileSync('cat', [authority.caFile], { encoding: 'utf8' })

function openClient(env: Readonly<Record<string, string>> = {}) {
  const http = httpClient({ version: '0', env })
  onTestFinished(http.close)
  return {
    ask: (host = name, at = port) => http.ask(`https://${host}:${at}/v2/`, { host }),
  }
}
const trusted = { value: { status: 200 } }
const untrusted = { error: { code: 'registry-tls', reason: 'unknown-authority' } }

test('an unknown authority is not trusted', async () => {
  expect(await openClient().ask()).toMatchObject(untrusted)
})

test.each([
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/etc/ssl/certs/company.pem',
])('an authority in %s is trusted', async (file) => {
  // Go reads the first bundle only, which other distributions do not have.
  const first = '/etc/ssl/certs/ca-certificates.crt'
  if (file !== first && existsSync(first)) {
    cpSync(first, `${first}.away`)
    rmSync(first)
    onTestFinished(() => {
      cpSync(`${first}.away`, first)
      rmSync(`${first}.away`)
    })
  }
  writeInWorld(file, `# Company\n${caText()}`)
  expect(await openClient().ask()).toMatchObject(trusted)
})

test('SSL_CERT_FILE and SSL_CERT_DIR replace the system’s files', async () => {
  writeInWorld('/etc/ssl/certs/company.pem', caText())
  expect(await openClient({ SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/dev/null' }).ask()).toMatchObject(untrusted)
  expect(await openClient({ SSL_CERT_FILE: authority.caFile, SSL_CERT_DIR: '/dev/null' }).ask()).toMatchObject(trusted)
  const env = { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nonexistent:/etc/ssl/certs' }
  expect(await openClient(env).ask()).toMatchObject(trusted)
})

test('a file with anything but a certificate is skipped', async () => {
  writeInWorld('/etc/ssl/certs/broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  writeInWorld('/etc/ssl/certs/company.pem', `${caText()}\n-----BEGIN CERTIFICATE-----\nAAAA`)
  expect(await openClient().ask()).toMatchObject(trusted)
})

describe('certs.d', () => {
  const folder = () => `/etc/docker/certs.d/${name}:${port}`
  afterEach(() => rmSync('/etc/docker/certs.d', { recursive: true, force: true }))
  const put = (file: string, content: string | Buffer) => {
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), file), content)
  }

  test('an authority there is trusted for its host only, and without a restart', async () => {
    const client = openClient()
    expect(await client.ask()).toMatchObject(untrusted)
    put('ca.crt', caText())
    expect(await client.ask()).toMatchObject(trusted)
    expect(await client.ask(otherName)).toMatchObject(untrusted)
    rmSync(folder(), { recursive: true })
    expect(await client.ask()).toMatchObject(untrusted)
  })

  test('a client certificate there is presented, and one without a usable key is skipped', async () => {
    server.setSecureContext({ ...authority.issue([name]), ca: caText() })
    const client = openClient()
    const headerFrom = async () => {
      const response = await client.ask()
      return response.ok ? response.value.header('x-client') : response.error
    }
    put('ca.crt', caText())
    expect(await headerFrom()).toBe('unknown')
    const { key, cert } = authority.issue(['client.example'])
    put('client.cert', cert)
    expect(await headerFrom()).toBe('unknown')
    put('client.key', key)
    expect(await headerFrom()).toBe('known')
    put('client.key', 'not a key')
    expect(await headerFrom()).toBe('unknown')
  })

  test('a client certificate goes to its host only, not to the proxy on the way', async () => {
    writeInWorld('/etc/ssl/certs/company.pem', caText())
    server.setSecureContext({ ...authority.issue([name]), ca: caText() })
    const { key, cert } = authority.issue(['client.example'])
    put('client.cert', cert)
    put('client.key', key)
    const presented: boolean[] = []
    const tls = { ...authority.issue([otherName]), ca: caText(), requestCert: true, rejectUnauthorized: false }
    const proxy = createServer(tls)
    proxy.on('connect', (_, client: TLSSocket) => {
      presented.push(Object.keys(client.getPeerCertificate()).length > 0)
      const registry = connect(port, address)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(registry).pipe(client)
      for (const socket of [client, registry]) socket.on('error', () => socket.destroy())
    })
    const proxyPort = await listen(proxy, address)
    const response = await openClient({ HTTPS_PROXY: `https://${otherName}:${proxyPort}` }).ask()
    expect(response.ok && response.value.header('x-client')).toBe('known')
    expect(presented).toEqual([false])
  })

  test('a registry that refuses the client certificate is said to ask for a valid one', async () => {
    const files = mkdtempSync(join(tmpdir(), 'strict-'))
    const { key, cert } = authority.issue([name])
    writeFileSync(join(files, 'key.pem'), key)
    writeFileSync(join(files, 'cert.pem'), cert)
    const strict = spawn(
      'openssl',
      [
        ...['s_server', '-accept', `${address}:8443`, '-key', 'key.pem', '-cert', 'cert.pem'],
        ...['-CAfile', authority.caFile, '-Verify', '1', '-verify_return_error', '-tls1_2'],
      ],
      { cwd: files, stdio: ['pipe', 'pipe', 'ignore'] },
    )
    onTestFinished(() => void strict.kill())
    await once(strict.stdout, 'data')
    const hostFolder = `/etc/docker/certs.d/${name}:8443`
    mkdirSync(hostFolder, { recursive: true })
    writeFileSync(join(hostFolder, 'ca.crt'), caText())
    const foreign = authority.selfSigned(['client.example'])
    writeFileSync(join(hostFolder, 'client.cert'), foreign.cert)
    writeFileSync(join(hostFolder, 'client.key'), foreign.key)
    expect(await openClient().ask(name, 8443)).toMatchObject({
      error: { code: 'registry-tls', reason: 'client-certificate' },
    })
  })

  test('the folder of a rootless user counts as well', async () => {
    const home = mkdtempSync(join(tmpdir(), 'home-'))
    const rootlessFolder = join(home, `.config/docker/certs.d/${name}:${port}`)
    mkdirSync(rootlessFolder, { recursive: true })
    writeFileSync(join(rootlessFolder, 'ca.crt'), caText())
    expect(await openClient({ HOME: home }).ask()).toMatchObject(trusted)
    expect(await openClient({ HOME: '/nonexistent', XDG_CONFIG_HOME: join(home, '.config') }).ask()).toMatchObject(
      trusted,
    )
  })

  describe.each(matrix)('on $title', (options) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await startEngine(options)
    })
    afterAll(() => engine?.stop())

    test('Slipway trusts whom dockerd trusts', async () => {
      const pullError = () =>
        engine.docker.pull(`${name}:${port}/nothing:1`).then(
          () => '',
          (error: unknown) => String(error),
        )
      expect(await pullError()).toMatch(/x509|certificate/)
      put('ca.crt', caText())
      expect(await pullError()).not.toMatch(/x509|certificate/)
      expect(await openClient().ask()).toMatchObject(trusted)
    })
  })
})
