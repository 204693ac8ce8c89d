/** Reads the Docker CLI's configuration: current context, stored contexts and their certificates. Never writes. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parseDockerConfig } from '../../../model/engine/docker-config.ts'
import { fail, ok, type ConfigProblem, type EngineFailure, type Result } from '../../../preload/contract/index.ts'

export type ContextResult<T> = Result<T, EngineFailure>

/** PEM texts for Node's TLS options. */
export interface Certificates {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly verify: boolean
}

/** A context as stored in its `meta.json`. */
export interface StoredContext {
  readonly name: string
  /** Empty if the context uses the default socket. */
  readonly host: string
  readonly certificates?: Certificates
}

const contextMeta = v.object({
  Name: v.pipe(v.string(), v.nonEmpty()),
  Endpoints: v.object({
    docker: v.object({ Host: v.optional(v.string(), ''), SkipTLSVerify: v.optional(v.boolean(), false) }),
  }),
})

const metaFolder = (folder: string) => join(folder, 'contexts', 'meta')

/** What Slipway needs of `config.json`, and what is wrong with the file. Docker goes on without what it cannot read. */
export interface DockerConfig {
  /** Absent if no context is selected. */
  readonly currentContext?: string
  readonly problem?: ConfigProblem
}

export function readDockerConfig(folder: string): DockerConfig {
  const file = join(folder, 'config.json')
  try {
    const { currentContext, fault } = parseDockerConfig(readFileSync(file, 'utf8'))
    return { ...(currentContext && { currentContext }), ...(fault && { problem: { file, ...fault } }) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    const isDenied = code === 'EACCES' || code === 'EPERM'
    return { problem: { file, ...(isDenied ? { code: 'permission' } : { code: 'unreadable', detail: message }) } }
  }
}

/** Fails if the context is unknown or its file is unreadable. */
export function readContext(name: string, folder: string): ContextResult<StoredContext> {
  const found = readContextById(createHash('sha256').update(name).digest('hex'), folder)
  if (!found.ok) return found
  return found.value ? ok({ ...found.value, name }) : fail({ code: 'context-unknown', context: name })
}

/** @returns all stored contexts, sorted by name. An unreadable file is logged and skipped. */
export function readContexts(folder: string): StoredContext[] {
  const contexts = entriesOf(metaFolder(folder)).flatMap((id) => {
    const found = readContextById(id, folder)
    if (!found.ok) console.warn('Skipping an unreadable Docker context:', found.error)
    return (found.ok && found.value) || []
  })
  return contexts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Reads `ca.pem`, `cert.pem` and `key.pem` from a folder. Missing or unreadable files are left out. */
export function readCertificates(folder: string, verify: boolean): Certificates {
  const read = (name: string) => {
    const text = readText(join(folder, `${name}.pem`))
    return text.ok && text.value ? { [name]: text.value } : {}
  }
  return { ...read('ca'), ...read('cert'), ...read('key'), verify }
}

function readContextById(id: string, folder: string): ContextResult<StoredContext | undefined> {
  const meta = readJson(join(metaFolder(folder), id, 'meta.json'), contextMeta)
  if (!meta.ok) return meta
  if (!meta.value) return ok(undefined)
  const { Host, SkipTLSVerify } = meta.value.Endpoints.docker
  const certificates = readCertificates(join(folder, 'contexts', 'tls', id, 'docker'), !SkipTLSVerify)
  const usesTls = certificates.ca || certificates.cert || SkipTLSVerify
  return ok({ name: meta.value.Name, host: Host, ...(usesTls && { certificates }) })
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** @returns undefined if the file does not exist */
function readText(file: string): ContextResult<string | undefined> {
  try {
    return ok(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? ok(undefined)
      : fail({ code: 'context-unreadable', file, detail: message })
  }
}

function readJson<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): ContextResult<v.InferOutput<Schema> | undefined> {
  const text = readText(file)
  if (!text.ok) return text
  if (text.value === undefined) return ok(undefined)
  try {
    return ok(v.parse(schema, JSON.parse(text.value)))
  } catch (error) {
    return fail({ code: 'context-unreadable', file, detail: (error as Error).message })
  }
}
