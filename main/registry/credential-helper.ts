/**
 * Runs the program in which Docker stores logins, such as `docker-credential-pass`.
 * Source: docker-credential-helpers, client/client.go and credentials/error.go.
 */
import { spawn } from 'node:child_process'
import * as v from 'valibot'
import type { Failure, HelperFailure } from '../../preload/contract/index.ts'

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An identity token, exchanged for an access token at the registry's realm. */
  | { readonly kind: 'identity'; readonly token: string }

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface HelperFailed {
  readonly kind: 'helper-failed'
  readonly failure: HelperFailure
}

const reply = v.object({ Username: v.string(), Secret: v.string() })
/** What helpers say if they have no login for a registry. */
const notFoundMessages = ['credentials not found in native keychain', 'no credentials server URL']
const maxReplyBytes = 100_000
const maxMessageLength = 300

/**
 * Asks a helper for the login stored under `key`. A helper that does not answer in time is killed, with the programs that
 * it has started.
 * @param helper the name in Docker's configuration: `pass`
 * @returns undefined if the helper has no login, or if `signal` is aborted
 */
export async function runHelper(
  helper: string,
  key: string,
  { env, timeoutMs, signal }: HelperOptions,
): Promise<Credentials | HelperFailed | undefined> {
  const name = `docker-credential-${helper}`
  const failed = (problem: HelperFailure['problem'], message = ''): HelperFailed => ({
    kind: 'helper-failed',
    failure: { name, problem, message },
  })
  if (signal?.aborted) return undefined
  const { promise, resolve } = Promise.withResolvers<Credentials | HelperFailed | undefined>()
  // In a process group of its own, because helpers start programs such as gpg, which would outlive them.
  const child = spawn(name, ['get'], { env: { ...env }, detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  const output: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxReplyBytes) output.push(chunk)
  })
  child.on('error', (error) =>
    resolve(isMissing(error) ? failed('missing') : failed('failed', messageOf(error.message))),
  )
  const readOutput = () => {
    const text = bytes <= maxReplyBytes ? Buffer.concat(output).toString('utf8').trim() : ''
    if (child.exitCode === 0) return parseReply(text) ?? failed('failed')
    // Helpers print their errors to stdout.
    return notFoundMessages.includes(text) ? undefined : failed('failed', messageOf(text))
  }
  child.on('close', () => resolve(readOutput()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(key)

  const onAbort = () => resolve(undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  const hasExited = () => child.exitCode !== null || child.signalCode !== null
  // A program that the helper has started, such as an agent, may keep stdout open after the helper's end.
  const timer = setTimeout(() => resolve(hasExited() ? readOutput() : failed('slow')), timeoutMs)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    if (!hasExited()) killGroup(child.pid)
    child.stdout.destroy()
  }
}

/** Failures that a login may fix. Registries also report `reference-unknown` for private repositories. */
export const mayNeedLogin = (failure: Failure): boolean =>
  /^(registry-login|registry-denied|reference-unknown)$/.test(failure.code) && !isOfMirror(failure)

/** Docker sends no logins to mirrors. */
const isOfMirror = (failure: Failure): boolean => 'mirror' in failure && failure.mirror === true

/**
 * Adds why the stored login could not be read to a failure that a login may fix, or to a rate limit, which is lower
 * without a login.
 */
export const withHelper = <F extends Failure>(failure: F, helper: HelperFailure): F =>
  mayNeedLogin(failure) || (failure.code === 'registry-limited' && !isOfMirror(failure))
    ? { ...failure, helper }
    : failure

function killGroup(pid: number | undefined) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended in the meantime.
  }
}

const isMissing = (error: Error) => 'code' in error && error.code === 'ENOENT'

/** @returns undefined if `text` is not the reply of a helper. Its text is not reported, because it may have a secret. */
function parseReply(text: string): Credentials | undefined {
  try {
    const { Username, Secret } = v.parse(reply, JSON.parse(text))
    if (Username === '<token>') return { kind: 'identity', token: Secret }
    return Username ? { kind: 'password', username: Username, password: Secret } : undefined
  } catch {
    return undefined
  }
}

const messageOf = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, maxMessageLength).toWellFormed()
