/**
 * The certificates that Docker trusts: those of the system, and for each registry those in `certs.d/HOST`. Node reads
 * neither: it has a list of its own, to which these are added.
 */
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

export interface Certificates {
  /**
   * What to trust and present in a TLS connection to a host, with or without a port. A host's files are read each time,
   * as dockerd reads them for each pull. `id` is the same as long as the certificates are.
   */
  forHost(host: string): Promise<HostCertificates>
}

interface HostCertificates {
  readonly id: string
  /** Undefined if Node's own certificates suffice. */
  readonly secureContext: SecureContext | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

export function createCertificates(env: Environment): Certificates {
  const contexts = new Map<string, SecureContext | undefined>()
  /** The system's certificates, by the variables that say where they are. */
  const systems = new Map<string, Promise<readonly string[]>>()

  return {
    async forHost(host) {
      // Read each time, because the environment may change.
      const { SSL_CERT_FILE, SSL_CERT_DIR } = env
      const variables = JSON.stringify({ SSL_CERT_FILE, SSL_CERT_DIR })
      const system = systems.get(variables) ?? readSystemCertificates(env)
      systems.set(variables, system)
      const folders = hostFolders(env).flatMap((folder) => namesOf(host).map((name) => join(folder, name)))
      const [systemCertificates, files] = await Promise.all([system, readHostFiles(folders)])
      const id = `${variables} ${JSON.stringify(files)}`
      if (!contexts.has(id)) contexts.set(id, createContext(systemCertificates, files))
      return { id, secureContext: contexts.get(id) }
    },
  }
}

interface HostFiles {
  readonly ca: readonly string[]
  /** A client certificate and its key. */
  readonly client: readonly { readonly cert: string; readonly key: string }[]
}

function createContext(system: readonly string[], { ca, client }: HostFiles): SecureContext | undefined {
  const own = getCACertificates('default')
  const known = new Set(own.map(withoutSpace))
  const added = [...system, ...ca].filter((pem) => !known.has(withoutSpace(pem)) && isCertificate(pem))
  if (added.length === 0 && client.length === 0) return undefined
  const options = { ca: [...own, ...added] }
  try {
    return createSecureContext({
      ...options,
      cert: client.map(({ cert }) => cert),
      key: client.map(({ key }) => key),
    })
  } catch {
    // An unusable client certificate, such as one whose key has a password.
    return createSecureContext(options)
  }
}

const withoutSpace = (text: string) => text.replace(/\s/g, '')

/** @see Go, crypto/x509/root_linux.go and root_unix.go */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const systemFolders = ['/etc/ssl/certs', '/etc/pki/tls/certs']

/** Reads the first bundle that exists, and all files of the folders, as Go does. */
async function readSystemCertificates({ SSL_CERT_FILE, SSL_CERT_DIR }: Environment): Promise<readonly string[]> {
  const [bundles, ...folders] = await Promise.all([
    Promise.all((SSL_CERT_FILE ? [SSL_CERT_FILE] : systemFiles).map(readText)),
    ...(SSL_CERT_DIR ? SSL_CERT_DIR.split(':') : systemFolders).map((folder) => readFolder(folder)),
  ])
  const bundle = bundles.find((text) => text !== undefined)
  return certificatesIn([bundle ?? '', ...folders.flatMap((files) => files.map(({ text }) => text))])
}

/** Where dockerd looks for the certificates of registries: of the system, of a rootless user, and of Docker Desktop. */
function hostFolders({ HOME, XDG_CONFIG_HOME }: Environment): readonly string[] {
  const config = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'))
  return [
    '/etc/docker/certs.d',
    ...(config ? [join(config, 'docker/certs.d')] : []),
    ...(HOME ? [join(HOME, '.docker/certs.d')] : []),
  ]
}

/** A host's folder has the name that the user writes in references, so `:443` may be in it or not. */
const namesOf = (host: string) => (/:\d+$/.test(host) ? [host] : [host, `${host}:443`])

/**
 * Reads `*.crt` (authorities), and `*.cert` with `*.key` (client certificates). A key that only root can read is
 * skipped together with its certificate.
 * @see moby registry/registry.go, `ReadCertsDirectory`
 */
async function readHostFiles(folders: readonly string[]): Promise<HostFiles> {
  const files = (await Promise.all(folders.map((folder) => readFolder(folder, /\.(crt|cert|key)$/)))).flat()
  const textOf = (path: string) => files.find((file) => file.path === path)?.text
  return {
    ca: certificatesIn(files.filter(({ path }) => path.endsWith('.crt')).map(({ text }) => text)),
    client: files.flatMap(({ path, text }) => {
      const key = path.endsWith('.cert') ? textOf(path.replace(/cert$/, 'key')) : undefined
      return key === undefined ? [] : [{ cert: text, key }]
    }),
  }
}

/** @returns the certificates of PEM texts, without duplicates */
function certificatesIn(texts: readonly string[]): readonly string[] {
  const blocks = texts.flatMap((text) => text.match(pemBlock) ?? [])
  return [...new Map(blocks.map((block) => [withoutSpace(block), block])).values()]
}

const pemBlock = /-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----/g

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

interface TextFile {
  readonly path: string
  readonly text: string
}

/** @returns the readable files of a folder, sorted by name; none if the folder does not exist */
async function readFolder(folder: string, pattern = /(?:)/): Promise<readonly TextFile[]> {
  const names = await readdir(folder).catch(() => [])
  const paths = names
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name))
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await readText(path) })))
  return files.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }]))
}

/** @returns undefined if the file cannot be read */
const readText = (path: string) => readFile(path, 'utf8').catch(() => undefined)
