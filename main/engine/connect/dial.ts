/** dockerode on the way to one engine. */
import { inspect } from 'node:util'
import Docker from 'dockerode'
import type { Route } from './routes.ts'

/** What lasts (events, a terminal, a pull, the wait for an end) never keeps a question waiting. */
export function dockerBy({ lasting, ...route }: Route, api?: string): Docker {
  // docker-modem formats each request for its log, also when nobody reads it, with all that hangs on the agent.
  for (const agent of [route.agent, lasting]) if (agent) Object.assign(agent, { [inspect.custom]: () => 'agent' })
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
