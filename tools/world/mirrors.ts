/**
 * Throwaway mirrors of Docker Hub: small HTTPS servers that serve the content of the world's registry. Clients reach
 * them by name, over DNS and TLS. Each mirror can misbehave like real ones do.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { addUnreachableAddress, removeBridge } from './bridge.ts'
import type { Hub } from './hub.ts'
import { makeAuthority, trustInWorld } from './hub/authority.ts'
import { certificateFactory } from './mirrors/certificates.ts'
import type { MirrorBehaviour } from './mirrors/behaviour.ts'
import { startMirror, type Mirror } from './mirrors/mirror.ts'
import { claimDomain, type DnsConditions } from './mirrors/dns.ts'
import { worldFolder } from './paths.ts'
import type { Registry } from './registry.ts'

export type { MirrorBehaviour } from './mirrors/behaviour.ts'
export type { Mirror } from './mirrors/mirror.ts'

export interface Mirrors {
  readonly list: readonly Mirror[]
  /** Starts a mirror. The name is the first label of its host name: `fast` is `fast.mirror.test`. */
  add(name: string, behaviour?: MirrorBehaviour): Promise<Mirror>
  /** The CA certificate that clients must trust. The world's programs do. */
  readonly caFile: string
  /** Environment variables with which the app reaches the mirrors, and the hub if there is one. */
  readonly env: Readonly<Record<string, string>>
  /** The same for an engine. */
  readonly engineEnv: Readonly<Record<string, string>>
  /** Changes how DNS queries for the mirrors' names are answered from now on. */
  setDnsConditions(conditions: DnsConditions): void
  stop(): Promise<void>
}

export interface MirrorsOptions {
  readonly registry: Pick<Registry, 'directHost'>
  /** If present, the hub's clients also trust the mirrors, and the mirrors can create the hub's missing images. */
  readonly hub?: Pick<Hub, 'authority' | 'env' | 'engineEnv' | 'ensureTag'>
}

/** Reserves a domain and an address range of this world for mirrors, which `add` then starts. */
export async function startMirrors({ registry, hub }: MirrorsOptions): Promise<Mirrors> {
  const domain = await claimDomain()
  const root = join(worldFolder(), domain.name)
  mkdirSync(root, { mode: 0o711 })
  const authority = hub?.authority ?? makeAuthority(root)
  const getCertificate = certificateFactory(authority, domain.name)
  const { caFile } = authority
  const distrust = hub ? () => {} : trustInWorld(caFile)
  const noProxy = { NO_PROXY: '127.0.0.1,localhost,.test' }
  const addressOf = (lastByte: number) => `127.1.${domain.number}.${lastByte}`
  const list: Awaited<ReturnType<typeof startMirror>>[] = []
  const unreachableBridge = `nowhere${domain.number}`
  let unreachableAddress: string | undefined
  let addedCount = 0

  return {
    list,
    caFile,
    env: hub?.env ?? noProxy,
    engineEnv: hub?.engineEnv ?? { ...noProxy, SSL_CERT_FILE: caFile },
    setDnsConditions: domain.setDnsConditions,
    async add(name, behaviour) {
      const ipAddress = addressOf(++addedCount)
      const updateDns = (
        hosts: readonly string[],
        { connecting, ipv6 }: Pick<MirrorBehaviour, 'connecting' | 'ipv6'>,
      ) => {
        for (const host of hosts)
          if (connecting === 'no-such-host') domain.remove(host)
          else domain.set(host, findFaultyAddress(connecting) ?? ipAddress, ipv6)
      }
      const mirror = await startMirror({
        name,
        domain: domain.name,
        ipAddress,
        registry: registry.directHost,
        ensureTag: hub?.ensureTag,
        getCertificate,
        updateDns,
      })
      mirror.setBehaviour(behaviour)
      list.push(mirror)
      return mirror
    },
    async stop() {
      await Promise.all(list.map((mirror) => mirror.stop()))
      await domain.stop()
      if (unreachableAddress) removeBridge(unreachableBridge)
      distrust()
      rmSync(root, { recursive: true, force: true })
    },
  }

  /** @returns an address that fails as `connecting` says; undefined if the mirror's own address must be used */
  function findFaultyAddress(connecting: MirrorBehaviour['connecting']): string | undefined {
    if (connecting === 'refused') return addressOf(254)
    if (connecting === 'unanswered')
      return (unreachableAddress ??= addUnreachableAddress(unreachableBridge, domain.number))
    return undefined
  }
}
