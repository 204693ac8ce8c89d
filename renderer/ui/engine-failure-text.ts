/** Texts for failures of an engine. The next step, and the command for it, fit the kind of the engine. */
import { permissionCommand, startCommand } from '../../model/engine/commands.ts'
import { otherHost, programName, type EngineKind } from '../../model/engine/kind.ts'
import { plain } from '../../model/text/plain.ts'
import type { EngineFailure } from '../../preload/contract/index.ts'
import { contextFailureText } from './context-failure-text.ts'
import type { FailureText } from './failure-parts.ts'
import { t } from './i18n.svelte.ts'

export function engineFailureText(failure: EngineFailure): FailureText {
  const kind = ('kind' in failure && failure.kind) || unknownKind
  switch (failure.code) {
    case 'engine-not-found':
      return notFoundText(kind, failure.endpoint)
    case 'engine-stopped':
      return stoppedText(kind, failure.endpoint)
    case 'engine-permission':
      return permissionText(kind, failure.endpoint)
    case 'engine-unreachable': {
      const host = otherHost(kind)
      return {
        title:
          host === undefined ? t('error.engine-unreachable') : t('error.engine-unreachable.on', { host: plain(host) }),
        hint: t('error.engine-unreachable.hint', { detail: plain(failure.detail) }),
      }
    }
    case 'engine-timeout': {
      const engine = nameOf(kind)
      return {
        title: t('error.engine-timeout', { engine }),
        hint: t('error.engine-timeout.hint', { engine, seconds: String(failure.seconds) }),
      }
    }
    case 'engine-too-old':
      return { title: t('error.engine-too-old'), hint: t('error.engine-too-old.hint', failure) }
    case 'engine-refused':
      return {
        title: t('error.engine-refused'),
        hint: t('error.engine-refused.hint', { detail: plain(failure.detail) }),
      }
    default:
      return contextFailureText(failure)
  }
}

/** The engine's program, with the name of the computer if it is another one. */
function nameOf(kind: EngineKind): string {
  const [engine, host] = [programName(kind), otherHost(kind)]
  return host === undefined ? engine : t('engine.onHost', { engine, host: plain(host) })
}

const unknownKind: EngineKind = { type: 'unknown' }
const socketOf = (endpoint: string) => (endpoint.startsWith('unix://') ? endpoint.slice('unix://'.length) : '')

function notFoundText(kind: EngineKind, endpoint: string): FailureText {
  if (kind.type === 'system' && !kind.installed)
    return { title: t('error.engine-not-found'), hint: t('error.engine-not-found.hint') }
  if (kind.type !== 'unknown') return stoppedText(kind, endpoint)
  return {
    title: t('error.engine-not-found.socket'),
    hint: t('error.engine-not-found.socketHint', { socket: plain(socketOf(endpoint)) }),
  }
}

function stoppedText(kind: EngineKind, endpoint: string): FailureText {
  const title = t('error.engine-stopped', { engine: programName(kind) })
  const command = startCommand(kind)
  if (command !== undefined)
    return { title, hint: t('error.engine-stopped.hint', { engine: programName(kind) }), command }
  const host = plain(otherHost(kind) ?? '')
  switch (kind.type) {
    case 'desktop':
      return kind.start === 'windows'
        ? { title, hint: t('error.engine-stopped.windows') }
        : { title, hint: t('error.engine-stopped.app', { engine: programName(kind) }) }
    case 'orbstack':
      return { title, hint: t('error.engine-stopped.app', { engine: programName(kind) }) }
    case 'rancher':
      return { title, hint: t('error.engine-stopped.rancher') }
    case 'ssh':
      return { title: t('error.engine-stopped.on', { host }), hint: t('error.engine-stopped.ssh', { host }) }
    case 'tcp': {
      const address = plain(kind.address)
      return { title: t('error.engine-stopped.on', { host }), hint: t('error.engine-stopped.tcp', { address }) }
    }
    case 'forwarded': {
      const socket = plain(socketOf(endpoint))
      return {
        title: t('error.engine-stopped.on', { host }),
        hint: t('error.engine-stopped.forwarded', { host, socket }),
      }
    }
    default: {
      const socket = socketOf(endpoint)
      return { title, hint: socket === '' ? '' : t('error.engine-stopped.socket', { socket: plain(socket) }) }
    }
  }
}

function permissionText(kind: EngineKind, endpoint: string): FailureText {
  const command = permissionCommand(kind, socketOf(endpoint))
  const text = {
    title: t('error.engine-permission.other'),
    hint: permissionHint(kind, endpoint),
    ...(command !== undefined && { command }),
  }
  return kind.type === 'system' || kind.type === 'snap' ? { ...text, title: t('error.engine-permission') } : text
}

function permissionHint(kind: EngineKind, endpoint: string): string {
  if (kind.type === 'system' || kind.type === 'snap') {
    if (kind.group === 'login') return t('error.engine-permission.login')
    return kind.group === 'missing' ? t('error.engine-permission.group') : t('error.engine-permission.hint')
  }
  if (kind.type === 'podman' && kind.scope === 'system') return t('error.engine-permission.podman')
  const socket = socketOf(endpoint)
  return socket === ''
    ? t('error.engine-permission.network', { endpoint: plain(endpoint) })
    : t('error.engine-permission.socket', { socket: plain(socket) })
}
