/** A way to a real engine on which chosen requests are held back or lose their answer, and which can be closed. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { setImmediate as soon } from 'node:timers/promises'
import { passUpgrades } from '../upgrades.ts'

export type Trouble =
  /** It is passed on once it is let go. */
  | 'held'
  /** The engine answers at once; the answer is passed on once it is let go. */
  | 'answer-held'
  /** The engine answers, and the connection is cut instead of passing the answer on. */
  | 'answer-lost'
  /** The connection is cut at once; the request reaches the engine once it is let go. */
  | 'late'
  /** The engine answers; the client gets this status instead. */
  | 504
  | 500

interface Troubled {
  /** Resolves when the trouble has begun. */
  readonly begun: Promise<void>
  /** Resolves when the engine has answered. */
  readonly answered: Promise<void>
  letGo(): void
}

interface Pending extends Troubled {
  readonly trouble: Trouble
  readonly matches: (question: string) => boolean
  begin(): void
  answer(): void
  readonly released: Promise<void>
}

export type Way = Awaited<ReturnType<typeof openWay>>

/** `reuse: false`: each request needs a connection of its own. */
export async function openWay(engine: string, { reuse = true } = {}) {
  const socket = `${engine}.way`
  const pending: Pending[] = []
  const questions: string[] = []
  let watched: { matches: (question: string) => boolean; look: (question: string) => void } | undefined

  const server = createServer(async (from, to) => {
    const { method, url: path = '', headers } = from
    const question = `${method} ${decodeURIComponent(path)}`
    questions.push(question)
    if (watched?.matches(question)) watched.look(question)
    const at = pending.findIndex(({ matches }) => matches(question))
    const [troubled] = at < 0 ? [] : pending.splice(at, 1)
    const trouble = troubled?.trouble
    // A request that is late must not end with its client: its body is taken first.
    const body = trouble === 'late' ? Buffer.concat(await from.toArray()) : undefined
    troubled?.begin()
    if (trouble === 'late') to.destroy()
    if (trouble === 'late' || trouble === 'held') await troubled?.released

    const upstream = request({ socketPath: engine, method, path, headers }, (answer) => void give(answer))
    upstream.on('error', () => to.destroy())
    if (trouble === undefined || trouble === 'held') to.on('close', () => upstream.destroy())
    if (body) upstream.end(body)
    else from.pipe(upstream)

    async function give(answer: IncomingMessage) {
      answer.on('error', () => to.destroy())
      if (!troubled || trouble === 'held') return pass(answer)
      const said = Buffer.concat(await answer.toArray())
      troubled.answer()
      if (trouble === 'late') return
      if (trouble === 'answer-lost') return to.destroy()
      if (trouble === 'answer-held') {
        await troubled.released
        return to.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' }).end(said)
      }
      return to.writeHead(trouble ?? 500, { 'content-type': 'application/json' }).end('{"message":"broken on the way"}')
    }
    function pass(answer: IncomingMessage) {
      to.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...(!reuse && { connection: 'close' }) })
      // Events come later than their headers.
      to.flushHeaders()
      answer.pipe(to)
    }
  })
  passUpgrades(server, engine)
  let open = 0
  server.on('connection', (connection) => {
    open++
    connection.once('close', () => open--)
  })
  const listen = () => new Promise<void>((resolve) => void server.listen(socket, resolve))
  await listen()

  return {
    socket,
    /** `DELETE /v1.41/images/one:1?` and so on, in the order of their arrival. */
    questions,
    /** From now on `look` is called before a request that matches is passed on. */
    before(matches: (question: string) => boolean, look: (question: string) => void) {
      watched = { matches, look }
    },
    /** How many are open. */
    connections: () => open,
    /** The next request that matches gets into trouble. */
    trouble(trouble: Trouble, matches: (question: string) => boolean): Troubled {
      const [begun, answered, released] = [1, 2, 3].map(() => Promise.withResolvers<void>())
      const troubled: Pending = {
        ...{ trouble, matches, begun: begun!.promise, answered: answered!.promise, released: released!.promise },
        begin: begun!.resolve,
        answer: answered!.resolve,
        letGo: released!.resolve,
      }
      pending.push(troubled)
      return troubled
    },
    /** All connections are cut, and there are no new ones until `open`. */
    async shut() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.race([closed, soon()])
    },
    open: listen,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
