/** A certificate authority of a world's own, and one certificate of it for all names that the stub answers to. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'

export interface Authority {
  /** The file that clients are to trust. */
  readonly caFile: string
  readonly key: Buffer
  readonly cert: Buffer
}

export function makeAuthority(folder: string, names: readonly string[]): Authority {
  const file = (name: string) => join(folder, name)
  // The machine's own settings of openssl are left aside.
  writeFileSync(file('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n')
  const make = (name: string, title: string, ...more: string[]) =>
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-config', file('openssl.cnf'), '-nodes', '-days', '30', '-subj', `/CN=${title}`],
        ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), ...more],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
  const issued = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-addext', 'basicConstraints=CA:FALSE']
  const alternatives = `subjectAltName=${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`
  make('ca', 'Slipway throwaway world', '-addext', 'basicConstraints=critical,CA:TRUE')
  make('hub', names[0] ?? '', ...issued, '-addext', alternatives)
  return { caFile: file('ca.pem'), key: readFileSync(file('hub.key')), cert: readFileSync(file('hub.pem')) }
}
