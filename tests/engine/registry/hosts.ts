/** Servers and clients for tests of registries. All of them end with the test. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { onTestFinished } from 'vitest'
import { httpClient } from '../../../main/registry/index.ts'
import { makeAuthority, type Authority } from '../../../tools/world/hub/authority.ts'

/** @returns the resource, which is stopped after the test */
export function stopAfterTest<T extends { stop(): unknown }>(resource: T): T {
  onTestFinished(async () => {
    await resource.stop()
  })
  return resource
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'registries-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Creates a certificate authority that this process trusts. */
export function trustNewAuthority(): Authority {
  const authority = makeAuthority(temporaryFolder())
  const certificates = getCACertificates('default')
  setDefaultCACertificates([...certificates, readFileSync(authority.caFile, 'utf8')])
  onTestFinished(() => setDefaultCACertificates(certificates))
  return authority
}

/** Starts a server. @returns its port */
export async function listen(server: Server, address: string, port = 0): Promise<number> {
  server.listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

export function openHttp() {
  const http = httpClient({ version: '0', env: {} })
  onTestFinished(() => http.close())
  return http
}
