/**
 * Where an engine may be found, in the order of Docker's own command: DOCKER_HOST, DOCKER_CONTEXT, the current
 * context of its configuration, then the usual sockets. Source: docker/cli cli/command/cli.go, `resolveContextName`.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type EngineContext, type EngineFailure, type Result } from '../../preload/contract/index.ts'

/** PEM texts, as a TLS connection wants them. */
export interface Certificates {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly verify: boolean
}

export interface Candidate extends EngineContext {
  readonly certificates?: Certificates
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

type Found<T> = Result<T, EngineFailure>

const dockerConfig = v.object({ currentContext: v.optional(v.string()) })
const contextMeta = v.object({
  Name: v.string(),
  Endpoints: v.object({
    docker: v.object({ Host: v.optional(v.string(), ''), SkipTLSVerify: v.optional(v.boolean(), false) }),
  }),
})

const systemSocket = 'unix:///var/run/docker.sock'

/** The engines to try, best first. One that the user chose by name stands alone: Slipway never looks past it. */
export function findCandidates({ env, home }: Surroundings): Found<Candidate[]> {
  const folder = env['DOCKER_CONFIG'] || join(home, '.docker')
  if (env['DOCKER_HOST']) return ok([fromEnvironment(env['DOCKER_HOST'], env, folder)])

  let name = env['DOCKER_CONTEXT']
  if (!name) {
    const config = readJson(join(folder, 'config.json'), dockerConfig)
    if (!config.ok) return config
    name = config.value?.currentContext
  }
  if (name && name !== 'default') return fromContext(name, folder)
  return ok(usualSockets(env, home))
}

function fromEnvironment(host: string, env: Surroundings['env'], folder: string): Candidate {
  const certificates = env['DOCKER_TLS_VERIFY'] || env['DOCKER_TLS']
  return {
    ...context('default', host),
    ...(certificates && { certificates: pems(env['DOCKER_CERT_PATH'] || folder, Boolean(env['DOCKER_TLS_VERIFY'])) }),
  }
}

function fromContext(name: string, folder: string): Found<Candidate[]> {
  const id = createHash('sha256').update(name).digest('hex')
  const meta = readJson(join(folder, 'contexts', 'meta', id, 'meta.json'), contextMeta)
  if (!meta.ok) return meta
  if (!meta.value) return fail({ code: 'context-unknown', context: name })
  const { Host, SkipTLSVerify } = meta.value.Endpoints.docker
  const certificates = pems(join(folder, 'contexts', 'tls', id, 'docker'), !SkipTLSVerify)
  const secure = certificates.ca || certificates.cert || SkipTLSVerify
  return ok([{ ...context(name, Host || systemSocket), ...(secure && { certificates }) }])
}

function usualSockets(env: Surroundings['env'], home: string): Candidate[] {
  const runtime = env['XDG_RUNTIME_DIR']
  return [
    context('default', systemSocket),
    ...(runtime ? [context('rootless', `unix://${runtime}/docker.sock`)] : []),
    { ...context('desktop-linux', `unix://${home}/.docker/desktop/docker.sock`), local: false },
    ...(runtime ? [context('podman', `unix://${runtime}/podman/podman.sock`)] : []),
    context('podman', 'unix:///run/podman/podman.sock'),
  ]
}

const context = (name: string, endpoint: string): Candidate => ({
  name,
  endpoint,
  local: endpoint.startsWith('unix://') && !endpoint.includes('/.docker/desktop/'),
})

function pems(folder: string, verify: boolean): Certificates {
  const read = (name: string) => {
    const text = readText(join(folder, `${name}.pem`))
    return text.ok && text.value ? { [name]: text.value } : {}
  }
  return { ...read('ca'), ...read('cert'), ...read('key'), verify }
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
