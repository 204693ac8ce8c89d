/** Registries that an engine is told to trust, and a client over that engine. */
import { request as forward, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { readInsecureRegistries } from '../../../main/engine/index.ts'
import { registryClient, type Credentials } from '../../../main/registry/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Registry } from '../../../tools/world/registry.ts'
import { eventually } from '../eventually.ts'
import { watchEngine } from '../engine-window.ts'
import type { matrix } from '../matrix.ts'
import { openHttp, stopAfterTest } from './hosts.ts'

/** A listener for a server in front of a registry. `received`: the headers of each request. */
export function forwardTo(registry: Registry) {
  const received: IncomingHttpHeaders[] = []
  const answer: RequestListener = (incoming, response) => {
    received.push(incoming.headers)
    const { method, url, headers } = incoming
    const outgoing = forward(`http://${registry.host}${url}`, { method, headers }, (reply) => {
      response.writeHead(reply.statusCode!, reply.headers)
      reply.pipe(response)
    })
    incoming.pipe(outgoing)
  }
  return { answer, received }
}

/** The registry client as main composes it, over an engine with this setting. */
export async function openClient(
  options: (typeof matrix)[number],
  insecureRegistries: readonly string[],
  stored?: Credentials,
) {
  const config = { 'insecure-registries': insecureRegistries }
  const engine = stopAfterTest(await startEngine({ ...options, config }))
  const served = stopAfterTest(watchEngine(engine.socket))
  await eventually(() => served.window.complete)
  const client = registryClient({
    ...{ http: openHttp(), credentials: async () => stored },
    async insecureRegistries() {
      const session = served.engine.session()
      return session.ok ? await readInsecureRegistries(session.value) : undefined
    },
  })
  return { ...client, engine }
}

/** Pulls an image with an engine alone. @returns its digests */
export async function digestsAfterPull({ docker }: Engine, reference: string): Promise<readonly string[]> {
  const pulled = await docker.pull(reference)
  await new Promise((resolve) => docker.modem.followProgress(pulled, resolve))
  return (await docker.getImage(reference).inspect()).RepoDigests
}
