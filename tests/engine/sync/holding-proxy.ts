/** A way to an engine on which some answers can be held back. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

/** The whole list, as the app asks for it once: `docker images` and its likes have filters. */
export const wholeList = (path: string) => /\/images\/json\?all=/.test(path) && !path.includes('filters')

/** Opens a socket before an engine's; the answers to requests that `held` picks are kept until they are let go. */
export async function holdingProxy(engine: string, held: (path: string) => boolean) {
  const socket = `${engine}.held`
  const kept: (() => void)[] = []
  let holding = true
  let refusals = 0

  const server = createServer((from, to) => {
    const { method, url: path = '', headers } = from
    if (refusals > 0 && held(path)) {
      refusals--
      return void to
        .writeHead(404)
        .end(JSON.stringify({ message: `content digest sha256:${'0'.repeat(64)}: not found` }))
    }
    // The engine answers now, so what is kept grows old.
    const upstream = request({ socketPath: engine, method, path, headers }, (answer) => {
      if (holding && held(path)) kept.push(() => give(answer, to))
      else give(answer, to)
    })
    upstream.on('error', () => to.destroy())
    to.on('close', () => upstream.destroy())
    from.pipe(upstream)
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    get waiting() {
      return kept.length
    },
    hold: () => (holding = true),
    /** The next so many are answered as 26.1's containerd store answers a list while one of its images is half gone. */
    refuse: (times: number) => void (refusals = times),
    get refusals() {
      return refusals
    },
    release() {
      holding = false
      kept.splice(0).forEach((give) => give())
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function give(answer: IncomingMessage, to: ServerResponse) {
  to.writeHead(answer.statusCode ?? 500, answer.headers)
  to.flushHeaders()
  answer.pipe(to)
  answer.on('error', () => to.destroy())
}
