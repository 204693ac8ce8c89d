/** A fake engine over HTTP, and the archive of one image as Docker 20.10 writes it. */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import Docker from 'dockerode'
import { tarEnd, tarFile } from '../../../tools/world/tar.ts'
import { serve } from '../local-server.ts'
import { createFakeSession } from '../fake-session.ts'

/** @returns a session whose requests are handled by `answer`, and a log of them, such as `GET /v1.45/images/…` */
export async function fakeEngine(answer: RequestListener) {
  const { host, requests } = await serve(answer)
  const [name, port] = host.split(':')
  return { requests, session: createFakeSession(new Docker({ protocol: 'http', host: name!, port: Number(port) })) }
}

export const isInspectRequest = ({ url }: IncomingMessage) => /\/images\/[^/]+\/json/.test(url ?? '')
export const isListRequest = ({ url }: IncomingMessage) => /\/images\/json/.test(url ?? '')

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const layer = randomBytes(2_000)
const config = JSON.stringify({
  ...{ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [`sha256:${sha256(layer)}`] } },
})

export const imageId = `sha256:${sha256(config)}`
const configFile = `${sha256(config)}.json`
const manifest = JSON.stringify([{ Config: configFile, RepoTags: ['one:1'], Layers: ['layer.tar'] }])

export const archive = Buffer.concat([
  tarFile('layer.tar', layer),
  tarFile(configFile, config),
  tarFile('manifest.json', manifest),
  tarEnd(),
])
export const archiveSha256 = sha256(archive)

/** The engine's reply when the image is inspected. */
export const inspectReply = { Id: imageId, RepoTags: ['one:1'], RepoDigests: [], Os: 'linux', Architecture: 'amd64' }
