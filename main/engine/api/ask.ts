/** Questions to an engine that can be given up: dockerode's own inspect cannot. */
import { addAbortListener } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type Docker from 'dockerode'

const statusCodes = { 200: true, 400: 'bad parameter', 404: 'no such thing', 500: 'server error' }

export type Query = Readonly<Record<string, unknown>>

const never = new AbortController().signal

/** The parsed answer to a GET. */
export const ask = (docker: Docker, path: string, query: Query, signal = never): Promise<unknown> =>
  dial(docker, { path: `${path}?`, options: { ...query } }, signal)

/** The headers of the answer to a ping, which every engine gives to a client of any version. */
export async function ping(docker: Docker, signal: AbortSignal): Promise<IncomingMessage['headers']> {
  const answer = (await dial(docker, { path: '/_ping', isStream: true }, signal)) as IncomingMessage
  answer.resume()
  return answer.headers
}

/** The engine's events, a line each. */
export const openEvents = async (docker: Docker, signal: AbortSignal): Promise<IncomingMessage> =>
  (await dial(docker, { path: '/events?', isStream: true }, signal)) as IncomingMessage

interface Question {
  readonly path: string
  readonly options?: Query
  /** The answer is wanted as it comes. */
  readonly isStream?: boolean
}

async function dial(docker: Docker, question: Question, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const request = { ...question, method: 'GET', abortSignal: signal, statusCodes }
  // docker-modem says nothing of an answer that is broken off while it arrives.
  using _ = addAbortListener(signal, () => reject(signal.reason))
  docker.modem.dial(request, (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)))
  return await promise
}
