/** An engine that seems to confine its containers with SELinux, which only a computer with SELinux has. */
import { mkdtempSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Starts a proxy in front of the engine that adds SELinux to the engine's security options. The process of the pictures
 * ends it. @returns variables for the app
 */
export async function engineWithSelinux(engineSocket: string): Promise<Readonly<Record<string, string>>> {
  const folder = mkdtempSync(join(tmpdir(), 'scene-'))
  const socket = join(folder, 'docker.sock')
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming
    const upstream = request({ socketPath: engineSocket, method, path: url, headers }, async (reply) => {
      if (!/\/info\??$/.test(url ?? '')) {
        response.writeHead(reply.statusCode ?? 500, reply.headers).flushHeaders()
        reply.pipe(response)
        return
      }
      const info = Buffer.concat(await reply.toArray()).toString()
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(info.replace('"SecurityOptions":[', '"SecurityOptions":["name=selinux",'))
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  server.unref()
  return { DOCKER_HOST: `unix://${socket}` }
}
