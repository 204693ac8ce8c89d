/**
 * The DNS of a world. Each who has names there has a domain, which is a folder with a file a name, its address in it and
 * how it is about one of IPv6.
 * All who have one listen at the same address, so that it does not matter who of them comes and goes first.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { worldFolder } from '../paths.ts'
import type { MirrorBehaviour } from './behaviour.ts'

/** `silent` answers nothing, `refusing` answers each question with a refusal. */
export type DnsConditions = 'well' | 'silent' | 'refusing'

export interface Domain {
  /** `mirror.test`, or with a number where others of the world have that. */
  readonly name: string
  /** From 1 on, no other's in this world. */
  readonly number: number
  set(host: string, address: string, ipv6?: MirrorBehaviour['ipv6']): void
  remove(host: string): void
  /** Of this domain's names, and of all that nobody has. */
  behave(weather: DnsConditions): void
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
    set: (host, address, ipv6) => writeFileSync(join(folder, host), `${address} ${ipv6 ?? ''}`),
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
  const { weather, address, ipv6 } = lookUp(labels.join('.').toLowerCase(), root)
  if (weather === 'silent' || (type === types.ipv6 && ipv6 === 'unsaid')) return undefined
  const code = weather === 'refusing' ? 5 : address ? 0 : 3
  const found = code === 0 && address ? recordOf(type, address, ipv6) : undefined
  const head = Buffer.alloc(12)
  question.copy(head, 0, 0, 2)
  // An answer, with authority, recursion wished and given.
  head.writeUInt16BE(0x8580 | code, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(found ? 1 : 0, 6)
  return Buffer.concat([head, question.subarray(12, end), ...(found ? [found] : [])])
}

/** Source: RFC 1035, 3.2.2; RFC 3596, 2.1. */
const types = { ipv4: 1, ipv6: 28 }
/** 2001:db8::1 is nobody's. Source: RFC 3849. */
const nowhere = [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1]

/** For the name that stands in the question (a pointer to it), an address that nobody is to remember. */
function recordOf(type: number, address: string, ipv6: string): Buffer | undefined {
  const record = (data: readonly number[]) =>
    Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data])
  if (type === types.ipv4) return record(address.split('.').map(Number))
  return type === types.ipv6 && ipv6 === 'nowhere' ? record(nowhere) : undefined
}

function lookUp(name: string, root: string): { weather: DnsConditions; address: string; ipv6: string } {
  const domains = readdirSync(root)
  const own = domains.find((domain) => name.endsWith(`.${domain}`))
  const weathers = (own ? [own] : domains).map((domain) => read(join(root, domain, weatherFile)) as DnsConditions)
  const text = own && !name.includes('/') ? read(join(root, own, name)) : undefined
  const [address = '', ipv6 = ''] = text?.split(' ') ?? []
  return { weather: weathers.find((each) => each && each !== 'well') ?? 'well', address, ipv6 }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
