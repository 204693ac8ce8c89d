/**
 * The DNS of a world. Each who has names there has a domain, which is a folder with a file a name, its address in it.
 * All who have one listen at the same address, so that it does not matter who of them comes and goes first.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { worldFolder } from '../place.ts'

/** `silent` answers nothing, `refusing` answers each question with a refusal. */
export type DnsWeather = 'well' | 'silent' | 'refusing'

export interface Domain {
  /** `mirror.test`, or with a number where others of the world have that. */
  readonly name: string
  /** From 1 on, no other's in this world. */
  readonly number: number
  set(host: string, address: string): void
  remove(host: string): void
  /** Of this domain's names, and of all that nobody has. */
  behave(weather: DnsWeather): void
  stop(): Promise<void>
}

/** The address is in the world's /etc/resolv.conf (inside.sh). */
const server = { address: '127.0.0.53', port: 53 }
const weatherFile = '.weather'

export async function takeDomain(): Promise<Domain> {
  const root = join(worldFolder(), 'names')
  mkdirSync(root, { recursive: true })
  const [name, number] = free(root)
  const folder = join(root, name)
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('message', (question, { port, address }) => {
    const answer = answerTo(question, root)
    if (answer) socket.send(answer, port, address)
  })
  socket.on('error', () => {})
  socket.unref().bind({ ...server })
  await once(socket, 'listening')
  return {
    name,
    number,
    set: (host, address) => writeFileSync(join(folder, host), address),
    remove: (host) => rmSync(join(folder, host), { force: true }),
    behave: (weather) => writeFileSync(join(folder, weatherFile), weather),
    async stop() {
      rmSync(folder, { recursive: true })
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

/** The first domain that nobody has. Making its folder is taking it. */
function free(root: string): [name: string, number: number] {
  for (let number = 1; number < 250; number++) {
    const name = number === 1 ? 'mirror.test' : `mirror${number}.test`
    try {
      mkdirSync(join(root, name))
      return [name, number]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  throw new Error('too many domains')
}

/** A message of DNS with the address, if there is one. Source: RFC 1035, 4.1. */
function answerTo(question: Buffer, root: string): Buffer | undefined {
  const labels: string[] = []
  let at = 12
  for (let length = question[at]; length; length = question[at]) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (end > question.length) return undefined
  const type = question.readUInt16BE(at + 1)
  const { weather, address } = lookUp(labels.join('.').toLowerCase(), root)
  if (weather === 'silent') return undefined
  const code = weather === 'refusing' ? 5 : address ? 0 : 3
  const found = code === 0 && type === 1 && address ? recordOf(address) : undefined
  const head = Buffer.alloc(12)
  question.copy(head, 0, 0, 2)
  // An answer, with authority, recursion wished and given.
  head.writeUInt16BE(0x8580 | code, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(found ? 1 : 0, 6)
  return Buffer.concat([head, question.subarray(12, end), ...(found ? [found] : [])])
}

/** For the name that stands in the question (a pointer to it), an address that nobody is to remember. */
const recordOf = (address: string) =>
  Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)])

function lookUp(name: string, root: string): { weather: DnsWeather; address?: string } {
  const domains = readdirSync(root)
  const own = domains.find((domain) => name.endsWith(`.${domain}`))
  const weathers = (own ? [own] : domains).map((domain) => read(join(root, domain, weatherFile)) as DnsWeather)
  const address = own && !name.includes('/') ? read(join(root, own, name)) : undefined
  return { weather: weathers.find((each) => each && each !== 'well') ?? 'well', ...(address && { address }) }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
