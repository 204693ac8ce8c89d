/** The questions that dockerode has no method for. */
import type { IncomingMessage } from 'node:http'
import type Docker from 'dockerode'

const statusCodes = { 200: true, 400: 'bad parameter', 404: 'no such thing', 500: 'server error' }

/** The parsed answer to a GET. */
export function ask(docker: Docker, path: string, query: Record<string, unknown> = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = { path: `${path}?`, method: 'GET', options: query, statusCodes }
    docker.modem.dial(request, (error, answer) => (error ? reject(error) : resolve(answer)))
  })
}

/** The headers of the answer to a ping, which every engine gives to a client of any version. */
export function ping(docker: Docker, signal: AbortSignal): Promise<IncomingMessage['headers']> {
  return new Promise((resolve, reject) => {
    const request = { path: '/_ping', method: 'GET', isStream: true, abortSignal: signal, statusCodes }
    docker.modem.dial(request, (error: unknown, answer: unknown) => {
      if (error) return reject(error)
      const message = answer as IncomingMessage
      message.resume()
      resolve(message.headers)
    })
  })
}
