/** What a dialog begins with: what makes sense for an image at once. */
import type { ImageId, Reference } from '../image/image.ts'
import { splitReference } from '../image/image.ts'
import { hostPortText, parseContainerPort, type HostPort } from './port.ts'
import { plainWish, type PortWish, type RunWish } from './run.ts'
import { quoted } from '../text/shell.ts'

/** Shells, best first, by what is looked for in the image and the command that it comes to. */
export const shells: readonly { readonly path: string; readonly command: readonly string[] }[] = [
  { path: '/bin/bash', command: ['/bin/bash'] },
  { path: '/bin/sh', command: ['/bin/sh'] },
  { path: '/bin/busybox', command: ['/bin/busybox', 'sh'] },
  { path: '/busybox/sh', command: ['/busybox/sh'] },
]

interface Known {
  readonly image: ImageId
  readonly reference: Reference
  readonly exposes: readonly string[]
  readonly entrypoint: readonly string[]
  /** The best that the image has. */
  readonly shell: readonly string[] | undefined
  readonly names: ReadonlySet<string>
  /** Ports of the engine's computer that something else has. */
  readonly isFree: (port: HostPort) => boolean | Promise<boolean>
}

/**
 * An image that exposes a port runs in the background, with each tcp port on a free one of this computer alone. One
 * that exposes none runs in a terminal, with its shell; where it has an entry point, a shell would be only an argument.
 */
export async function suggestRun(known: Known): Promise<RunWish> {
  const { image, reference, exposes, entrypoint, shell, names } = known
  const plain = { ...plainWish(image, reference), name: freeName(shortName(reference), names) }
  if (exposes.length > 0) return { ...plain, interactive: false, ports: await freePorts(exposes, known.isFree) }
  return { ...plain, command: shell && entrypoint.length === 0 ? shell.map(quoted).join(' ') : '' }
}

/** A repository's last part, as far as a container can be called so: of an image without a name, nothing. */
export function shortName(reference: Reference): string {
  if (reference.startsWith('sha256:')) return ''
  const last = splitReference(reference.split('@')[0]!).repository.split('/').at(-1) ?? ''
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(last) ? last : last === '' ? '' : `${last}-1`
}

/** The name, or the first of `name-2`, `name-3`… that nobody has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (name === '' || !taken.has(name)) return name
  const [, stem = name, number = '1'] = /^(.*?)(?:-([1-9]\d{0,5}))?$/.exec(name) ?? []
  for (let next = Number(number) + 1; ; next++) if (!taken.has(`${stem}-${next}`)) return `${stem}-${next}`
}

const usual: Readonly<Record<number, number>> = { 80: 8080, 443: 8443 }
/** Only root may have those below. */
const leastPort = 1024

async function freePorts(exposes: readonly string[], isFree: Known['isFree']): Promise<PortWish[]> {
  const given = new Set<number>()
  const ports: PortWish[] = []
  for (const container of exposes) {
    const parsed = parseContainerPort(container)
    if (parsed?.protocol !== 'tcp') continue
    const wanted = { ip: '127.0.0.1', port: usual[parsed.port] ?? parsed.port }
    const host = await nextFree(wanted, async (port) => !given.has(port.port!) && (await isFree(port)))
    if (host?.port !== undefined) given.add(host.port)
    ports.push({ host: hostPortText(host ?? { ...wanted, port: undefined }), container })
  }
  return ports
}

/** It, or the next that is free; undefined where none of the next hundred is. */
export async function nextFree(
  wanted: HostPort,
  isFree: (port: HostPort) => boolean | Promise<boolean>,
): Promise<HostPort | undefined> {
  const first = wanted.port ?? leastPort
  const start = first < leastPort ? first + 8000 : first
  for (let port = start; port < start + 100 && port <= 65_535; port++)
    if (await isFree({ ...wanted, port })) return { ...wanted, port }
  return undefined
}
