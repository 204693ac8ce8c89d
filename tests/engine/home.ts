/** A temporary home directory with contexts in Docker's configuration. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface ContextOptions {
  readonly host: string
  /** The contents of the TLS files by file name, such as `ca.pem`. */
  readonly pems?: Readonly<Record<string, string>>
}

/**
 * Creates a home directory in which Docker has these contexts. The first one is the current context.
 * @returns the environment that makes Slipway use this home directory
 */
export function homeWith(contexts: Readonly<Record<string, ContextOptions>>) {
  const home = mkdtempSync(join(tmpdir(), 'slipway-home-'))
  const write = (file: string, text: string) => {
    const path = join(home, '.docker', file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  write('config.json', JSON.stringify({ currentContext: Object.keys(contexts)[0] }))
  for (const [name, { host, pems = {} }] of Object.entries(contexts)) {
    const id = createHash('sha256').update(name).digest('hex')
    write(`contexts/meta/${id}/meta.json`, JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }))
    for (const [file, text] of Object.entries(pems)) write(`contexts/tls/${id}/docker/${file}`, text)
  }
  return { env: process.env, home }
}
