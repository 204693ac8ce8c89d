/**
 * Answers requests of pages. Chromium cannot be given a custom scheme from outside, so `app://host/path` is
 * `https://host.app.standin.invalid/path` in the page (a real, secure origin with policies) and `app://…` in main.
 * Other requests fail: pages of the stand-in have no network.
 */
import type * as Electron from 'electron'
import type { Payload, Protocol, Session } from './cdp.ts'
import { guard } from './guard.ts'

type Handler = Parameters<Electron.Protocol['handle']>[1]
type PausedRequest = Payload<'Fetch.requestPaused'>

const suffix = 'standin.invalid'
const privilegedSchemes = new Set<string>()
const handlers = new Map<string, Handler>()

export const protocol = guard<Electron.Protocol>('protocol', {
  registerSchemesAsPrivileged(schemes) {
    for (const { scheme, privileges } of schemes) {
      if (!privileges?.standard || !privileges.secure)
        throw new Error(`the stand-in serves standard and secure schemes only: ${scheme}`)
      privilegedSchemes.add(scheme)
    }
  },
  handle(scheme, handler) {
    if (!privilegedSchemes.has(scheme))
      throw new Error(`the stand-in serves schemes registered as privileged only: ${scheme}`)
    if (handlers.has(scheme)) throw new Error(`The scheme '${scheme}' is already registered`)
    handlers.set(scheme, handler)
  },
  unhandle: (scheme) => void handlers.delete(scheme),
  isProtocolHandled: (scheme) => handlers.has(scheme),
})

export function toPageUrl(url: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
  return privilegedSchemes.has(scheme) ? `https://${host}.${scheme}.${suffix}${rest}` : url
}

const pageUrl = new RegExp(`^https://([^/?#]*)\\.([a-z0-9+-]+)\\.${suffix.replace('.', '\\.')}(?=[/?#]|$)`)

export const toAppUrl = (url: string): string => url.replace(pageUrl, '$2://$1')

type MayNavigate = (url: string, frameId: string) => boolean

/** `mayNavigate` is called before a document replaces another. */
export function servePage(page: Session, mayNavigate: MayNavigate): Promise<unknown> {
  page.on('Fetch.requestPaused', (paused) => {
    answer(page, paused, mayNavigate).catch((error: unknown) => {
      console.error(`${toAppUrl(paused.request.url)}:`, error)
      fail(page, paused, 'Failed')
    })
  })
  return page.send('Fetch.enable', { patterns: [{ urlPattern: '*', requestStage: 'Request' }] })
}

async function answer(page: Session, paused: PausedRequest, mayNavigate: MayNavigate) {
  const url = toAppUrl(paused.request.url)
  const isDocument = paused.resourceType === 'Document'
  if (isDocument && !mayNavigate(url, paused.frameId)) return fail(page, paused, 'Aborted')
  if (paused.resourceType === 'Other' && new URL(url).pathname === '/favicon.ico') {
    // Chromium requests the favicon, Electron does not; a failure would be logged to the page's console.
    return page.post('Fetch.fulfillRequest', { requestId: paused.requestId, responseCode: 204 })
  }
  const handler = handlers.get(new URL(url).protocol.slice(0, -1))
  if (!handler) {
    console.error(`the stand-in has no network access: ${url}`)
    // An aborted navigation keeps the current document.
    return fail(page, paused, isDocument ? 'Aborted' : 'BlockedByClient')
  }
  const response = await handler(createRequest(paused, url))
  if (response.type === 'error') return fail(page, paused, 'Failed')
  page.post('Fetch.fulfillRequest', {
    requestId: paused.requestId,
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  })
}

function createRequest({ request }: PausedRequest, url: string): Request {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, toAppUrl(value)])
  return new Request(url, {
    method: request.method,
    headers,
    ...(request.postData !== undefined && { body: request.postData }),
  })
}

function fail(page: Session, { requestId }: PausedRequest, errorReason: Protocol.Network.ErrorReason): void {
  page.post('Fetch.failRequest', { requestId, errorReason })
}
