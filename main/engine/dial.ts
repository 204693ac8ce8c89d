/** An engine's API by a way to it; and questions that can be given up: dockerode's own inspect cannot. */
import { addAbortListener } from 'node:events'
import type { IncomingMessage } from 'node:http'
import Docker from 'dockerode'
import type { Route } from './routes.ts'

const statusCodes = { 200: true, 400: 'bad parameter', 404: 'no such thing', 500: 'server error' }

export type Query = Readonly<Record<string, unknown>>

const never = new AbortController().signal

/** What lasts (events, a terminal, a pull, the wait for an end) never keeps a question waiting. */
export function dockerBy({ lasting, ...route }: Route, api?: string): Docker {
  const docker = new Docker({ ...route, ...(api !== undefined && { version: `v${api}` }) })
  if (!lasting) return docker
  const { modem } = docker
  const { dial } = modem
  const beside = Object.create(modem, { agent: { value: lasting } })
  modem.dial = (question, answered) => dial.call(lasts(question) ? beside : modem, question, answered)
  return docker
}

const lasts = ({ path, method, isStream }: Parameters<Docker['modem']['dial']>[0]) =>
  (isStream && method !== 'HEAD') || /^\/containers\/[^/]+\/wait\?/.test(path)

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
