/**
 * Reads the credentials that the Docker CLI has stored for a registry. They are read on demand, never cached or logged.
 * Source: docker/cli cli/config/configfile/file.go and docker-credential-helpers.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'
import { runHelper, type Credentials, type HelperFailed } from './credential-helper.ts'

export type { Credentials }

export interface CredentialOptions {
  readonly signal?: AbortSignal | undefined
  /** How long a helper may take, in milliseconds. Default: 10 s. */
  readonly helperTimeoutMs?: number | undefined
}

/**
 * @returns the credentials stored for a registry, named like `docker.io`; undefined if there are none; or why the helper
 * that stores them failed
 */
export type CredentialStore = (
  registry: string,
  options?: CredentialOptions,
) => Promise<Credentials | HelperFailed | undefined>

export interface CredentialEnvironment {
  /** Read at each use, because the environment of the user's shell may be known only later. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const hubKey = 'https://index.docker.io/v1/'
// A path would run another program than a credential helper. An empty name means the file. `desktop.exe` is used on WSL.
const helperName = v.pipe(v.string(), v.regex(/^[\w.-]*$/))
const entry = v.object({ auth: v.optional(v.string()), identitytoken: v.optional(v.string()) })
const config = v.object({
  auths: v.fallback(v.record(v.string(), v.fallback(entry, {})), {}),
  credsStore: v.fallback(v.optional(helperName), undefined),
  credHelpers: v.fallback(v.record(v.string(), v.fallback(v.optional(helperName), undefined)), {}),
})
type Config = v.InferOutput<typeof config>

/** A login as `user:password`, in base64. */
const encodedLogin = v.pipe(
  v.string(),
  v.transform((encoded) => decodeLogin(encoded)),
  v.object({ kind: v.literal('password'), username: v.string(), password: v.string() }),
)
/**
 * DOCKER_AUTH_CONFIG. The CLI ignores the whole value if any part of it is unknown or broken.
 * @see docker/cli cli/config/configfile/file.go, `parseEnvConfig` (28 and later)
 */
const environmentLogins = v.strictObject({
  auths: v.optional(v.record(v.string(), v.strictObject({ auth: encodedLogin })), {}),
})

/** Long enough for a helper to start a key ring, too short for a helper that prompts the user. */
const defaultHelperTimeoutMs = 10_000

export function dockerCredentials(environment: CredentialEnvironment): CredentialStore {
  return async (registry, { signal, helperTimeoutMs: timeoutMs = defaultHelperTimeoutMs } = {}) => {
    // Read each time, because the environment may change.
    const { env, home } = environment
    const key = registry === hub ? hubKey : registry
    const fromEnvironment = loginsIn(env['DOCKER_AUTH_CONFIG']).get(key)
    if (fromEnvironment) return fromEnvironment
    const stored = await readConfig(join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'))
    if (!stored) return undefined
    const helper = stored.credHelpers[key] ?? stored.credHelpers[registry] ?? stored.credsStore
    const fromHelper = helper ? await runHelper(helper, key, { env, timeoutMs, signal }) : undefined
    if (fromHelper && fromHelper.kind !== 'helper-failed') return fromHelper
    return fromFile(stored, key) ?? fromHelper
  }
}

function loginsIn(value = ''): ReadonlyMap<string, Credentials> {
  try {
    const { auths } = v.parse(environmentLogins, JSON.parse(value))
    return new Map(Object.entries(auths).map(([address, { auth }]) => [address, auth]))
  } catch {
    // Not logged, for the same reason as below.
    return new Map()
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

function fromFile({ auths }: Config, key: string): Credentials | undefined {
  // Old versions of the Docker CLI use a full URL as the key, current versions the host only.
  const stored = auths[key] ?? Object.entries(auths).find(([address]) => hostOf(address) === key)?.[1]
  if (stored?.identitytoken) return { kind: 'identity', token: stored.identitytoken }
  return decodeLogin(stored?.auth)
}

/** @returns undefined if the text is not a login */
function decodeLogin(encoded = '') {
  const decoded = Buffer.from(encoded, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = decoded.indexOf(':')
  if (colon <= 0) return undefined
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) } as const
}

const hostOf = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
