/**
 * Reads the credentials that the Docker CLI has stored for a registry. They are read on demand, never cached or logged.
 * Source: docker/cli cli/config/configfile/file.go and docker-credential-helpers.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An identity token, exchanged for an access token at the registry's realm. */
  | { readonly kind: 'identity'; readonly token: string }

/** @returns the credentials stored for a registry, named like `docker.io`; undefined if there are none */
export type CredentialStore = (registry: string, signal?: AbortSignal) => Promise<Credentials | undefined>

export interface CredentialEnvironment {
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
const helperReply = v.object({ Username: v.string(), Secret: v.string() })

/** Long enough for a helper to start a key ring, too short for a helper that prompts the user. */
const helperTimeoutMs = 10_000

export function dockerCredentials({ env, home }: CredentialEnvironment): CredentialStore {
  return async (registry, signal) => {
    // Read each time, because the environment may change.
    const stored = await readConfig(join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'))
    if (!stored) return undefined
    const key = registry === hub ? hubKey : registry
    const helper = stored.credHelpers[key] ?? stored.credHelpers[registry] ?? stored.credsStore
    const credentials = helper === undefined ? undefined : await runHelper(helper, key, { env, signal })
    return credentials ?? fromFile(stored, key)
  }
}

async function readConfig(file: string): Promise<Config | undefined> {
  try {
    return v.parse(config, JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // The error is not logged because its text may contain secrets. Public images need no credentials.
    return undefined
  }
}

interface HelperOptions {
  readonly env: CredentialEnvironment['env']
  readonly signal?: AbortSignal | undefined
}

function runHelper(helper: string, key: string, { env, signal }: HelperOptions): Promise<Credentials | undefined> {
  const { promise, resolve } = Promise.withResolvers<Credentials | undefined>()
  const options = { env: { ...env }, timeout: helperTimeoutMs, maxBuffer: 100_000, ...(signal && { signal }) }
  // A helper exits with code 1 if it has no credentials; a missing or broken helper is treated the same way.
  const child = execFile(`docker-credential-${helper}`, ['get'], options, (error, stdout) =>
    resolve(error ? undefined : parseHelperReply(stdout)),
  )
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(key)
  return promise
}

function parseHelperReply(stdout: string): Credentials | undefined {
  try {
    const { Username, Secret } = v.parse(helperReply, JSON.parse(stdout))
    if (Username === '<token>') return { kind: 'identity', token: Secret }
    return Username ? { kind: 'password', username: Username, password: Secret } : undefined
  } catch {
    return undefined
  }
}

function fromFile({ auths }: Config, key: string): Credentials | undefined {
  // Old versions of the Docker CLI use a full URL as the key, current versions the host only.
  const stored = auths[key] ?? Object.entries(auths).find(([address]) => hostOf(address) === key)?.[1]
  if (stored?.identitytoken) return { kind: 'identity', token: stored.identitytoken }
  const decoded = Buffer.from(stored?.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '')
  const colon = decoded.indexOf(':')
  return colon > 0
    ? { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
    : undefined
}

const hostOf = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
