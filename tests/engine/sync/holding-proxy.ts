/** A proxy in front of an engine. It can refuse chosen requests, or hold back their responses. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

/** Whether the request is the app's request for the list of all images. The app's requests for dangling images have `all`, too, but with a filter. */
export const isFullListRequest = (path: string) => /\/images\/json\?all=/.test(path) && !path.includes('filters')

/** Starts the proxy. It holds back the responses to requests that match, until `release` is called. */
export async function openHoldingProxy(engineSocket: string, matches: (path: string) => boolean) {
  const socket = `${engineSocket}.held`
  const heldResponses: (() => void)[] = []
  let holding = true
  let refusals = 0

  const server = createServer((clientRequest, clientResponse) => {
    const { method, url: path = '', headers } = clientRequest
    if (refusals > 0 && matches(path)) {
      refusals--
      return void clientResponse
        .writeHead(404)
        .end(JSON.stringify({ message: `content digest sha256:${'0'.repeat(64)}: not found` }))
    }
    // The engine gets the request at once, so a response that is held back becomes outdated.
    const engineRequest = request({ socketPath: engineSocket, method, path, headers }, (engineResponse) => {
      if (holding && matches(path)) heldResponses.push(() => forward(engineResponse, clientResponse))
      else forward(engineResponse, clientResponse)
    })
    engineRequest.on('error', () => clientResponse.destroy())
    clientResponse.on('close', () => engineRequest.destroy())
    clientRequest.pipe(engineRequest)
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    get heldCount() {
      return heldResponses.length
    },
    hold: () => (holding = true),
    /**
     * Answers the next matching requests with a 404, as 26.1's containerd store does while an image is half deleted.
     */
    refuse: (times: number) => void (refusals = times),
    get remainingRefusals() {
      return refusals
    },
    /** Sends the responses that are held back, and holds back no more. */
    release() {
      holding = false
      heldResponses.splice(0).forEach((send) => send())
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function forward(engineResponse: IncomingMessage, clientResponse: ServerResponse) {
  clientResponse.writeHead(engineResponse.statusCode ?? 500, engineResponse.headers)
  clientResponse.flushHeaders()
  engineResponse.pipe(clientResponse)
  engineResponse.on('error', () => clientResponse.destroy())
}
