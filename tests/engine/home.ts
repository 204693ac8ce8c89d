/** A home with Docker's own configuration in it, for a test. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface ContextOptions {
  readonly host: string
  /** PEM texts by file name. */
  readonly pems?: Readonly<Record<string, string>>
}

/** Where Docker has these contexts, the first one current. */
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
  return { env: {}, home }
}
