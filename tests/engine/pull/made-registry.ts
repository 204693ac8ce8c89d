/** A registry of one hand-made image, for what docker-registry does not store or no builder of the world makes. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** Starts a server. @returns its host and port */
export async function listen(server: Server, host = '127.0.0.1'): Promise<string> {
  server.listen(0, host)
  await once(server, 'listening')
  return `${host}:${(server.address() as AddressInfo).port}`
}

/** A tar archive with one file that belongs to a user. */
export function layerOwnedBy(uid: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'layer-'))
  writeFileSync(join(folder, 'shadow'), 'x')
  return execFileSync('tar', ['-C', folder, `--owner=${uid}`, `--group=${uid}`, '-c', 'shadow'])
}

interface MadeImage {
  readonly os?: string
  readonly layer?: Buffer
  /** Whether its manifest has the media type of schema 1. */
  readonly schema1?: boolean
}

/** A registry that serves this image under every name and tag. */
export function registryOf({ os = 'linux', layer = layerOwnedBy(0), schema1 = false }: MadeImage): Server {
  const config = Buffer.from(
    JSON.stringify({ os, architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }),
  )
  const docker = 'application/vnd.docker'
  const describe = (mediaType: string, content: Buffer) => ({
    ...{ mediaType, size: content.length, digest: digestOf(content) },
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${docker}.distribution.manifest.v2+json`,
      config: describe(`${docker}.container.image.v1+json`, config),
      layers: [describe(`${docker}.image.rootfs.diff.tar`, layer)],
    }),
  )
  const manifestType = `${docker}.distribution.manifest.${schema1 ? 'v1+prettyjws' : 'v2+json'}`
  const blobs = new Map([config, layer, manifest].map((content) => [digestOf(content), content]))
  return createServer(({ url = '' }, response) => {
    const [, kind, version = ''] = /\/(manifests|blobs)\/([^/?]+)/.exec(url) ?? []
    if (kind === undefined) return void response.end('{}')
    const content = kind === 'manifests' ? manifest : blobs.get(version)
    if (!content) return void response.writeHead(404).end('{}')
    const type = kind === 'manifests' ? manifestType : 'application/octet-stream'
    response.writeHead(200, {
      ...{ 'content-type': type, 'content-length': content.length, 'docker-content-digest': digestOf(content) },
    })
    response.end(content)
  })
}
