/** A certificate authority for a world, and the server certificates that it issues. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'

export interface Authority {
  /** The CA certificate that clients must trust. */
  readonly caFile: string
  /** A certificate for these names, by default valid from now on for 29 days. */
  issue(names: readonly string[], validity?: ValidityPeriod): Certificate
  /** A certificate that is not signed by the authority. */
  selfSigned(names: readonly string[]): Certificate
}

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
}

export interface ValidityPeriod {
  readonly from: Date
  readonly until: Date
}

/** Creates an authority with its files in a folder. */
export function makeAuthority(folder: string): Authority {
  const file = (name: string) => join(folder, name)
  let issuedCount = 0
  writeFileSync(file('openssl.cnf'), opensslConfig(folder))
  writeFileSync(file('index.txt'), '')
  const caFile = file('ca.pem')
  requestCertificate(
    'ca',
    'Slipway throwaway world',
    '-x509',
    '-days',
    '30',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
  )

  return {
    caFile,
    issue(names, { from, until } = next29Days()) {
      const name = `issued-${++issuedCount}`
      requestCertificate(name, names[0] ?? '', ...serverExtensions(names))
      const dates = ['-startdate', opensslDate(from), '-enddate', opensslDate(until)]
      const files = ['-in', file(`${name}.pem`), '-out', file(`${name}.crt`)]
      openssl('ca', '-config', file('openssl.cnf'), '-batch', '-notext', ...dates, ...files)
      return { key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.crt`)) }
    },
    selfSigned(names) {
      const name = `issued-${++issuedCount}`
      requestCertificate(name, names[0] ?? '', '-x509', '-days', '30', ...serverExtensions(names))
      return { key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.pem`)) }
    },
  }

  /** Creates NAME.key, and NAME.pem: a certificate signing request, or with `-x509` a self-signed certificate. */
  function requestCertificate(name: string, commonName: string, ...extraArgs: string[]): void {
    openssl(
      ...['req', '-new', '-config', file('openssl.cnf'), '-nodes', '-subj', `/CN=${commonName}`],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), ...extraArgs],
    )
  }
}

/**
 * Lets the world's programs trust a certificate authority, as administrators do: a file in /etc/ssl/certs, which each
 * world has for itself. @returns a function that removes it again
 */
export function trustInWorld(caFile: string): () => void {
  const file = `/etc/ssl/certs/slipway-${randomUUID()}.pem`
  mkdirSync('/etc/ssl/certs', { recursive: true })
  copyFileSync(caFile, file)
  return () => rmSync(file, { force: true })
}

/** An openssl.cnf to use instead of the machine's. */
const opensslConfig = (folder: string) => `[req]
distinguished_name = nothing
[nothing]
[ca]
default_ca = world
[world]
database = ${folder}/index.txt
new_certs_dir = ${folder}
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
copy_extensions = copy
policy = any
[any]
commonName = optional
`

const serverExtensions = (names: readonly string[]) => [
  ...['-addext', 'basicConstraints=CA:FALSE'],
  ...['-addext', `subjectAltName=${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`],
]

const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })

const next29Days = (): ValidityPeriod => ({ from: new Date(), until: new Date(Date.now() + 29 * 86_400_000) })

/** The format of openssl's date options, such as 20261124184424Z. */
const opensslDate = (date: Date) => date.toISOString().replace(/[-:T]|\.\d+/g, '')
