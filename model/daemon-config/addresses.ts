/** Which addresses of mirrors and insecure registries every Docker refuses, and what they should be. */
import { parseMirrorAddress } from '../mirrors/address.ts'

/** @see moby registry/config.go, ValidateMirror. Before version 25, also an address with a path is refused. */
export function isRefusedMirror(mirror: string, major: number | undefined): boolean {
  if (!/^https?:\/\//i.test(mirror)) return true
  const parsed = parseMirrorAddress(mirror)
  if (parsed.ok) return false
  if (parsed.why === 'path') return major !== undefined && major < 25
  return parsed.why === 'user' || parsed.why === 'query' || parsed.why === 'fragment'
}

/** @see moby registry/config.go, loadInsecureRegistries, which removes http:// and https:// */
export function isRefusedRegistry(registry: string): boolean {
  const address = registry.replace(/^https?:\/\//i, '')
  if (/^[\d.]+\/\d+$|^[\da-f:]+\/\d+$/i.test(address)) return false
  const port = /:(\d+)$/.exec(address)?.[1]
  return address.includes('/') || (port !== undefined && Number(port) > 65_535)
}

/** @returns the address as Docker accepts it; unchanged if that is not known */
export function acceptedMirror(mirror: string): string {
  const parsed = parseMirrorAddress(mirror)
  return parsed.ok ? parsed.address : mirror
}

/** @returns the registry without scheme and path */
export const acceptedRegistry = (registry: string): string =>
  isRefusedRegistry(registry) ? registry.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/, '') : registry
