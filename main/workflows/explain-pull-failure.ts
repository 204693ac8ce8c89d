/** Finds out whether a pull failed because Docker lacks the proxy that Slipway uses, and how Docker is reloaded. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { reloadCommand } from '../../model/engine/commands.ts'
import { otherHost } from '../../model/engine/kind.ts'
import { hub } from '../../model/image/reference.ts'
import { hubRegistry } from '../../model/image/registry-place.ts'
import { dockerProxyCommands } from '../../model/registry/docker-proxy.ts'
import type { Proxy } from '../../model/registry/proxy.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { findInstallation } from '../daemon-config/index.ts'
import type { EngineSession, HostEnvironment } from '../engine/index.ts'
import type { Http } from '../registry/index.ts'

interface Needs {
  readonly http: Pick<Http, 'ask' | 'proxyFor'>
  readonly environment: HostEnvironment
}

type NetworkFailure = Extract<Failure, { readonly code: 'registry-unreachable' | 'registry-slow' | 'registry-tls' }>

/** Whether an engine may report this about a host that it can reach only through a proxy. */
function mayLackProxy(failure: Failure): failure is NetworkFailure {
  switch (failure.code) {
    case 'registry-unreachable':
      return failure.downloading !== true
    case 'registry-slow':
      return true
    case 'registry-tls':
      // A forged address answers in place of Docker Hub. Another registry may have an authority that Docker does not know.
      return failure.host === hub || failure.reason !== 'unknown-authority'
    default:
      return false
  }
}

/**
 * @returns `docker-proxy-missing`, or `failure` if a proxy is not the reason, with the command that its next step needs.
 * Rejects if cancelled.
 */
export const explainPullFailure =
  ({ http, environment }: Needs) =>
  async (session: EngineSession, failure: Failure, cancelled: AbortSignal): Promise<Failure> => {
    if (failure.code === 'registry-plain') {
      const reload = failure.mirror || failure.host === hub ? undefined : reloadCommand(session.context.kind)
      return { ...failure, ...(reload !== undefined && { reload }) }
    }
    if (!mayLackProxy(failure) || session.capabilities.proxy || otherHost(session.context.kind)) return failure
    const { host } = failure
    const address = `https://${host === hub ? hubRegistry : host}/v2/`
    if (!URL.canParse(address)) return failure
    const proxy = await http.proxyFor(address, cancelled)
    if (!proxy) return failure
    const answer = await http.ask(address, { host, timeoutMs: 5_000, signal: cancelled })
    if (!answer.ok) return failure
    const remedy = await findRemedy(session, proxy, environment)
    return { code: 'docker-proxy-missing', host, proxy: proxy.host, remedy }
  }

type Remedy = Extract<Failure, { readonly code: 'docker-proxy-missing' }>['remedy']

async function findRemedy(session: EngineSession, proxy: Proxy, environment: HostEnvironment): Promise<Remedy> {
  const { context, capabilities } = session
  const { installation, file } = findInstallation({ status: 'connected', context, facts: capabilities }, environment)
  if (installation === 'desktop') return { kind: 'desktop' }
  const { env } = environment
  const commands = dockerProxyCommands({
    ...{ proxy, installation, version: capabilities.version },
    noProxy: env['NO_PROXY'] || env['no_proxy'] || '',
    hasSystemd: existsSync('/run/systemd/system'),
    file: file === undefined ? undefined : await readDaemonFile(file),
  })
  if (commands === undefined) return { kind: 'unknown' }
  return { kind: 'commands', commands, ...(proxy.login && { needsLogin: true }) }
}

/** @returns undefined if the file exists but cannot be read */
async function readDaemonFile(file: string) {
  try {
    const path = await realpath(file)
    const bytes = await readFile(path)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { path, current: { text, hash: createHash('sha256').update(bytes).digest('hex') } }
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? { path: file } : undefined
  }
}
