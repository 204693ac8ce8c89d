/** Docker's own configuration, read and never written: the chosen context, the contexts, their certificates. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type EngineFailure, type Result } from '../../../preload/contract/index.ts'

export type Found<T> = Result<T, EngineFailure>

/** PEM texts, as a TLS connection wants them. */
export interface Certificates {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly verify: boolean
}

/** A context as its file tells it; without a host it is the system's socket. */
export interface StoredContext {
  readonly name: string
  readonly host: string
  readonly certificates?: Certificates
}

const dockerConfig = v.object({ currentContext: v.optional(v.string()) })
const contextMeta = v.object({
  Name: v.pipe(v.string(), v.nonEmpty()),
  Endpoints: v.object({
    docker: v.object({ Host: v.optional(v.string(), ''), SkipTLSVerify: v.optional(v.boolean(), false) }),
  }),
})

const metaOf = (folder: string) => join(folder, 'contexts', 'meta')

export function currentContext(folder: string): Found<string | undefined> {
  const config = readJson(join(folder, 'config.json'), dockerConfig)
  return config.ok ? ok(config.value?.currentContext) : config
}

export function readContext(name: string, folder: string): Found<StoredContext> {
  const found = readStored(createHash('sha256').update(name).digest('hex'), folder)
  if (!found.ok) return found
  return found.value ? ok({ ...found.value, name }) : fail({ code: 'context-unknown', context: name })
}

/** All contexts by name. A file that cannot be understood is said in the log, and keeps none of the others away. */
export function readContexts(folder: string): StoredContext[] {
  const contexts = idsIn(metaOf(folder)).flatMap((id) => {
    const found = readStored(id, folder)
    if (!found.ok) console.warn('A context is left out:', found.error)
    return (found.ok && found.value) || []
  })
  return contexts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The certificates in a folder, as Docker names them. */
export function pems(folder: string, verify: boolean): Certificates {
  const read = (name: string) => {
    const text = readText(join(folder, `${name}.pem`))
    return text.ok && text.value ? { [name]: text.value } : {}
  }
  return { ...read('ca'), ...read('cert'), ...read('key'), verify }
}

function readStored(id: string, folder: string): Found<StoredContext | undefined> {
  const meta = readJson(join(metaOf(folder), id, 'meta.json'), contextMeta)
  if (!meta.ok) return meta
  if (!meta.value) return ok(undefined)
  const { Host, SkipTLSVerify } = meta.value.Endpoints.docker
  const certificates = pems(join(folder, 'contexts', 'tls', id, 'docker'), !SkipTLSVerify)
  const secure = certificates.ca || certificates.cert || SkipTLSVerify
  return ok({ name: meta.value.Name, host: Host, ...(secure && { certificates }) })
}

function idsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A file's text, undefined where there is none. */
function readText(file: string): Found<string | undefined> {
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
): Found<v.InferOutput<Schema> | undefined> {
  const text = readText(file)
  if (!text.ok) return text
  if (text.value === undefined) return ok(undefined)
  try {
    return ok(v.parse(schema, JSON.parse(text.value)))
  } catch (error) {
    return fail({ code: 'context-unreadable', file, detail: (error as Error).message })
  }
}
