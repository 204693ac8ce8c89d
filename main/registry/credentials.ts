/**
 * What Docker's own command has stored for a registry: asked for when a registry wants it, never kept, never logged.
 * Source: docker/cli cli/config/configfile/file.go and docker-credential-helpers.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Stands for a login, and is changed for a token at the registry's realm. */
  | { readonly kind: 'identity'; readonly token: string }

/** The credentials stored for a registry by its name (`docker.io`), if any. */
export type CredentialStore = (registry: string, signal?: AbortSignal) => Promise<Credentials | undefined>

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const hubKey = 'https://index.docker.io/v1/'
const helperName = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/))
const entry = v.object({ auth: v.optional(v.string()), identitytoken: v.optional(v.string()) })
const config = v.object({
  auths: v.fallback(v.record(v.string(), v.fallback(entry, {})), {}),
  credsStore: v.fallback(v.optional(helperName), undefined),
  credHelpers: v.fallback(v.record(v.string(), v.fallback(v.optional(helperName), undefined)), {}),
})
type Config = v.InferOutput<typeof config>
const helped = v.object({ Username: v.string(), Secret: v.string() })

/** A helper may have to wake a key ring, not more: one that asks the user something is not waited for. */
const helperWithin = 10_000

export function dockerCredentials({ env, home }: Surroundings): CredentialStore {
  const file = join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json')
  return async (registry, signal) => {
    const stored = await readConfig(file)
    if (!stored) return undefined
    const key = registry === hub ? hubKey : registry
    const helper = stored.credHelpers[key] ?? stored.credHelpers[registry] ?? stored.credsStore
    const told = helper === undefined ? undefined : await askHelper(helper, key, { env, signal })
    return told ?? fromFile(stored, key)
  }
}

async function readConfig(file: string): Promise<Config | undefined> {
  try {
    return v.parse(config, JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Its text may hold secrets, so nothing of the fault is told: without credentials is how public images are had.
    return undefined
  }
}

interface Around {
  readonly env: Surroundings['env']
  readonly signal?: AbortSignal | undefined
}

function askHelper(helper: string, key: string, { env, signal }: Around): Promise<Credentials | undefined> {
  const { promise, resolve } = Promise.withResolvers<Credentials | undefined>()
  const options = { env: { ...env }, timeout: helperWithin, maxBuffer: 100_000, ...(signal && { signal }) }
  // "Not found" comes with exit code 1; a helper that is missing or broken has nothing to tell either.
  const child = execFile(`docker-credential-${helper}`, ['get'], options, (error, stdout) =>
    resolve(error ? undefined : readHelped(stdout)),
  )
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(key)
  return promise
}

function readHelped(stdout: string): Credentials | undefined {
  try {
    const { Username, Secret } = v.parse(helped, JSON.parse(stdout))
    if (Username === '<token>') return { kind: 'identity', token: Secret }
    return Username ? { kind: 'password', username: Username, password: Secret } : undefined
  } catch {
    return undefined
  }
}

function fromFile({ auths }: Config, key: string): Credentials | undefined {
  // Old versions wrote a whole address where today's write the host alone.
  const found = auths[key] ?? Object.entries(auths).find(([address]) => hostOf(address) === key)?.[1]
  if (found?.identitytoken) return { kind: 'identity', token: found.identitytoken }
  const plain = Buffer.from(found?.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '')
  const colon = plain.indexOf(':')
  return colon > 0 ? { kind: 'password', username: plain.slice(0, colon), password: plain.slice(colon + 1) } : undefined
}

const hostOf = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
