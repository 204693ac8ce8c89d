/** Suggests the initial options of the run dialog for an image. */
import type { ImageId, Reference } from '../image/image.ts'
import { splitReference } from '../image/image.ts'
import { hostPortText, parseContainerPort, type HostPort } from './port.ts'
import { defaultRunOptions, type PortOptions, type RunOptions } from './run.ts'
import { shellQuote } from '../text/shell.ts'

/** Known shells, best first: the file to look for in an image, and the command that runs the shell. */
export const shells: readonly { readonly path: string; readonly command: readonly string[] }[] = [
  { path: '/bin/bash', command: ['/bin/bash'] },
  { path: '/bin/sh', command: ['/bin/sh'] },
  { path: '/bin/busybox', command: ['/bin/busybox', 'sh'] },
  { path: '/busybox/sh', command: ['/busybox/sh'] },
]

interface ImageFacts {
  readonly image: ImageId
  readonly reference: Reference
  readonly exposes: readonly string[]
  readonly entrypoint: readonly string[]
  /** The best shell in the image; undefined if the image has no shell. */
  readonly shell: readonly string[] | undefined
  readonly takenNames: ReadonlySet<string>
  /** Whether a port on the engine's host is free. */
  readonly isFree: (port: HostPort) => boolean | Promise<boolean>
}

/**
 * An image that exposes ports runs in the background, with each TCP port published on a free loopback port. Any other
 * image runs in a terminal, with a shell as its command; but if the image has an entry point, the shell would only
 * become its argument, so no command is suggested.
 */
export async function suggestRun(facts: ImageFacts): Promise<RunOptions> {
  const { image, reference, exposes, entrypoint, shell, takenNames } = facts
  const defaults = { ...defaultRunOptions(image, reference), name: findFreeName(shortName(reference), takenNames) }
  if (exposes.length > 0) return { ...defaults, interactive: false, ports: await suggestPorts(exposes, facts.isFree) }
  return { ...defaults, command: shell && entrypoint.length === 0 ? shell.map(shellQuote).join(' ') : '' }
}

/** @returns the last part of the repository, adjusted to a valid container name; empty for an image without a name */
export function shortName(reference: Reference): string {
  if (reference.startsWith('sha256:')) return ''
  const last = splitReference(reference.split('@')[0]!).repository.split('/').at(-1) ?? ''
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(last) ? last : last === '' ? '' : `${last}-1`
}

/** @returns the name if it is free, else the first free one of `name-2`, `name-3`… */
export function findFreeName(name: string, taken: ReadonlySet<string>): string {
  if (name === '' || !taken.has(name)) return name
  const [, stem = name, number = '1'] = /^(.*?)(?:-([1-9]\d{0,5}))?$/.exec(name) ?? []
  for (let next = Number(number) + 1; ; next++) if (!taken.has(`${stem}-${next}`)) return `${stem}-${next}`
}

const preferredHostPorts: Readonly<Record<number, number>> = { 80: 8080, 443: 8443 }
/** Ports below this are reserved for root. */
const minUnprivilegedPort = 1024

async function suggestPorts(exposes: readonly string[], isFree: ImageFacts['isFree']): Promise<PortOptions[]> {
  const assigned = new Set<number>()
  const ports: PortOptions[] = []
  for (const container of exposes) {
    const parsed = parseContainerPort(container)
    if (parsed?.protocol !== 'tcp') continue
    const preferred = { ip: '127.0.0.1', port: preferredHostPorts[parsed.port] ?? parsed.port }
    const host = await findFreePort(preferred, async (port) => !assigned.has(port.port!) && (await isFree(port)))
    if (host?.port !== undefined) assigned.add(host.port)
    ports.push({ host: hostPortText(host ?? { ...preferred, port: undefined }), container })
  }
  return ports
}

/**
 * Tries 100 ports, from `preferred` on or, if that is below 1024, from `preferred` + 8000 on.
 * @returns the first free one; undefined if none is free
 */
export async function findFreePort(
  preferred: HostPort,
  isFree: (port: HostPort) => boolean | Promise<boolean>,
): Promise<HostPort | undefined> {
  const first = preferred.port ?? minUnprivilegedPort
  const start = first < minUnprivilegedPort ? first + 8000 : first
  for (let port = start; port < start + 100 && port <= 65_535; port++)
    if (await isFree({ ...preferred, port })) return { ...preferred, port }
  return undefined
}
