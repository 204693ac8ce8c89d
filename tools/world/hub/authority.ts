/** A certificate authority of a world's own, and the certificates that it gives to those who answer in it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'

export interface Authority {
  /** The file that clients are to trust. */
  readonly caFile: string
  /** A certificate for these names. By default it holds from now on, for a month. */
  issue(names: readonly string[], holds?: Holds): Certificate
  /** One that no authority vouches for. */
  selfSigned(names: readonly string[]): Certificate
}

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
}

export interface Holds {
  readonly from: Date
  readonly until: Date
}

/** Makes an authority that keeps its files in a folder. */
export function makeAuthority(folder: string): Authority {
  const file = (name: string) => join(folder, name)
  let issued = 0
  writeFileSync(file('openssl.cnf'), settings(folder))
  writeFileSync(file('index.txt'), '')
  const caFile = file('ca.pem')
  request('ca', 'Slipway throwaway world', '-x509', '-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE')

  return {
    caFile,
    issue(names, { from, until } = month()) {
      const name = `issued-${++issued}`
      request(name, names[0] ?? '', ...forServers(names))
      const dates = ['-startdate', written(from), '-enddate', written(until)]
      const files = ['-in', file(`${name}.pem`), '-out', file(`${name}.crt`)]
      openssl('ca', '-config', file('openssl.cnf'), '-batch', '-notext', ...dates, ...files)
      return { key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.crt`)) }
    },
    selfSigned(names) {
      const name = `issued-${++issued}`
      request(name, names[0] ?? '', '-x509', '-days', '30', ...forServers(names))
      return { key: readFileSync(file(`${name}.key`)), cert: readFileSync(file(`${name}.pem`)) }
    },
  }

  /** Makes a key, and a request for a certificate (or with `-x509` the certificate itself). */
  function request(name: string, title: string, ...more: string[]): void {
    openssl(
      ...['req', '-new', '-config', file('openssl.cnf'), '-nodes', '-subj', `/CN=${title}`],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), ...more],
    )
  }
}

/** Instead of the machine's own settings of openssl. */
const settings = (folder: string) => `[req]
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

const forServers = (names: readonly string[]) => [
  ...['-addext', 'basicConstraints=CA:FALSE'],
  ...['-addext', `subjectAltName=${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`],
]

const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })

const month = (): Holds => ({ from: new Date(), until: new Date(Date.now() + 29 * 86_400_000) })

/** As openssl wants dates: 20261124184424Z. */
const written = (date: Date) => date.toISOString().replace(/[-:T]|\.\d+/g, '')
