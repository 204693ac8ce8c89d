/**
 * Throwaway mirrors of Docker Hub: small proxies before the world's registry, reached by names over DNS and TLS like
 * true ones, each of which can misbehave as true ones do.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { addVoid, removeBridge } from './bridge.ts'
import type { Hub } from './hub.ts'
import { makeAuthority } from './hub/authority.ts'
import { certificatesOf } from './mirrors/certificates.ts'
import type { MirrorBehaviour } from './mirrors/behaviour.ts'
import { openMirror, type Mirror } from './mirrors/mirror.ts'
import { takeDomain, type DnsConditions } from './mirrors/names.ts'
import { worldFolder } from './paths.ts'
import type { Registry } from './registry.ts'

export type { MirrorBehaviour } from './mirrors/behaviour.ts'
export type { Mirror } from './mirrors/mirror.ts'
export type { Asked } from './mirrors/serve.ts'

export interface Mirrors {
  readonly list: readonly Mirror[]
  /** The name is the first part of its host's. */
  add(name: string, manner?: MirrorBehaviour): Promise<Mirror>
  /** The certificate to trust. */
  readonly caFile: string
  /** For the app, and for an engine; the hub's where there is one. */
  readonly env: Readonly<Record<string, string>>
  readonly engineEnv: Readonly<Record<string, string>>
  /** Of all their names, from now on. */
  dns(weather: DnsConditions): void
  stop(): Promise<void>
}

export interface MirrorsWish {
  readonly registry: Pick<Registry, 'direct'>
  /** Whose clients are to trust them, too, and whose images they have. */
  readonly hub?: Pick<Hub, 'authority' | 'env' | 'engineEnv' | 'bring'>
}

/** None at first. Their domain and addresses are no other's in this world. */
export async function startMirrors({ registry, hub }: MirrorsWish): Promise<Mirrors> {
  const domain = await takeDomain()
  const root = join(worldFolder(), domain.name)
  mkdirSync(root, { mode: 0o711 })
  const authority = hub?.authority ?? makeAuthority(root)
  const certificate = certificatesOf(authority, domain.name)
  const { caFile } = authority
  const straight = { NO_PROXY: '127.0.0.1,localhost,.test' }
  const address = (last: number) => `127.1.${domain.number}.${last}`
  const list: Awaited<ReturnType<typeof openMirror>>[] = []
  const voidName = `nowhere${domain.number}`
  let nowhere: string | undefined
  let added = 0

  return {
    list,
    caFile,
    env: hub?.env ?? { ...straight, NODE_EXTRA_CA_CERTS: caFile },
    engineEnv: hub?.engineEnv ?? { ...straight, SSL_CERT_FILE: caFile },
    dns: domain.behave,
    async add(name, manner) {
      const home = address(++added)
      const publish = (
        hosts: readonly string[],
        { connecting, ipv6 }: Pick<MirrorBehaviour, 'connecting' | 'ipv6'>,
      ) => {
        for (const host of hosts)
          if (connecting === 'no-such-host') domain.remove(host)
          else domain.set(host, dead(connecting) ?? home, ipv6)
      }
      const mirror = await openMirror({
        name,
        domain: domain.name,
        home,
        registry: registry.direct,
        bring: hub?.bring,
        certificate,
        publish,
      })
      mirror.behave(manner)
      list.push(mirror)
      return mirror
    },
    async stop() {
      await Promise.all(list.map((mirror) => mirror.stop()))
      await domain.stop()
      if (nowhere) removeBridge(voidName)
      rmSync(root, { recursive: true, force: true })
    },
  }

  /** Where nobody is, as far as that is the wish. */
  function dead(connecting: MirrorBehaviour['connecting']): string | undefined {
    if (connecting === 'refused') return address(254)
    if (connecting === 'unanswered') return (nowhere ??= addVoid(voidName, domain.number))
    return undefined
  }
}
