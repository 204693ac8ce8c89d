/**
 * The DNS server of a world. Each set of mirrors has a domain, which is a folder with one file per host name. The file
 * contains the host's IPv4 address and how IPv6 queries for the host are answered.
 * Each domain has a DNS server in the process that reserved the domain. All servers listen at the same address, and
 * each answers for all domains, so domains can be added and removed in any order.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { worldFolder } from '../paths.ts'
import type { MirrorBehaviour } from './behaviour.ts'

/** `silent` answers no query, `refusing` answers each query with REFUSED. */
export type DnsConditions = 'normal' | 'silent' | 'refusing'

export interface Domain {
  /** `mirror.test`, or `mirror2.test` and so on if that is in use in this world. */
  readonly name: string
  /** From 1 on, unique in this world. */
  readonly number: number
  set(host: string, address: string, ipv6?: MirrorBehaviour['ipv6']): void
  remove(host: string): void
  /** Changes how queries are answered from now on, for names in this domain and for names in no domain. */
  setDnsConditions(conditions: DnsConditions): void
  stop(): Promise<void>
}

/** The world's /etc/resolv.conf names this address (inside.sh). */
const serverAddress = { address: '127.0.0.53', port: 53 }
const conditionsFile = '.conditions'

/** Reserves a domain of this world and starts a DNS server for it. */
export async function claimDomain(): Promise<Domain> {
  const root = join(worldFolder(), 'names')
  mkdirSync(root, { recursive: true })
  const [name, number] = createDomainFolder(root)
  const folder = join(root, name)
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.on('message', (query, { port, address }) => {
    const response = createResponse(query, root)
    if (response) socket.send(response, port, address)
  })
  socket.on('error', () => {})
  socket.unref().bind({ ...serverAddress })
  await once(socket, 'listening')
  return {
    name,
    number,
    set: (host, address, ipv6) => writeFileSync(join(folder, host), `${address} ${ipv6 ?? ''}`),
    remove: (host) => rmSync(join(folder, host), { force: true }),
    setDnsConditions: (conditions) => writeFileSync(join(folder, conditionsFile), conditions),
    async stop() {
      rmSync(folder, { recursive: true })
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

/** Creates the folder of the first free domain. Two processes cannot get the same one: mkdir fails for the second. */
function createDomainFolder(root: string): [name: string, number: number] {
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

/**
 * The DNS message that answers a query.
 * @returns undefined if the query is malformed or must stay unanswered
 * @see RFC 1035, 4.1
 */
function createResponse(query: Buffer, root: string): Buffer | undefined {
  const labels: string[] = []
  let offset = 12
  for (let length = query[offset]; length; length = query[offset]) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length))
    offset += 1 + length
  }
  const questionEnd = offset + 5
  if (questionEnd > query.length) return undefined
  const type = query.readUInt16BE(offset + 1)
  const { conditions, address, ipv6 } = readEntry(labels.join('.').toLowerCase(), root)
  if (conditions === 'silent' || (type === recordTypes.aaaa && ipv6 === 'unanswered')) return undefined
  const responseCode =
    conditions === 'refusing' ? responseCodes.refused : address ? responseCodes.noError : responseCodes.noSuchName
  const record = responseCode === responseCodes.noError && address ? createRecord(type, address, ipv6) : undefined
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  // Flags: response, authoritative, recursion desired, recursion available.
  header.writeUInt16BE(0x8580 | responseCode, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(record ? 1 : 0, 6)
  return Buffer.concat([header, query.subarray(12, questionEnd), ...(record ? [record] : [])])
}

/** @see RFC 1035, 4.1.1 */
const responseCodes = { noError: 0, noSuchName: 3, refused: 5 }
/** @see RFC 1035, 3.2.2; RFC 3596, 2.1 */
const recordTypes = { a: 1, aaaa: 28 }
/** 2001:db8::1, an address that is reserved for documentation (RFC 3849). */
const unreachableIpv6 = [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1]

/** A resource record for the name in the question, with a TTL of zero so that no resolver caches it. */
function createRecord(type: number, address: string, ipv6: string): Buffer | undefined {
  // 0xc0, 12 is a pointer to the name at offset 12 of the message.
  const record = (data: readonly number[]) =>
    Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data])
  if (type === recordTypes.a) return record(address.split('.').map(Number))
  return type === recordTypes.aaaa && ipv6 === 'unreachable' ? record(unreachableIpv6) : undefined
}

/** How to answer a query for a name. `address` is empty if the name does not exist. */
function readEntry(name: string, root: string): { conditions: DnsConditions; address: string; ipv6: string } {
  const domains = readdirSync(root)
  const domainOfName = domains.find((domain) => name.endsWith(`.${domain}`))
  const allConditions = (domainOfName ? [domainOfName] : domains).map(
    (domain) => readFile(join(root, domain, conditionsFile)) as DnsConditions,
  )
  const entry = domainOfName && !name.includes('/') ? readFile(join(root, domainOfName, name)) : undefined
  const [address = '', ipv6 = ''] = entry?.split(' ') ?? []
  const conditions = allConditions.find((value) => value && value !== 'normal') ?? 'normal'
  return { conditions, address, ipv6 }
}

/** @returns undefined if the file does not exist */
function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
