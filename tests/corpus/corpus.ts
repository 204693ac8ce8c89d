/** Reads the files of this folder (README.md). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\ufeff': '\ufeff' }

/** @returns the lines of `NAME.tsv`, by column name; a missing cell is empty */
export function readCorpus<Column extends string>(name: string): Readonly<Record<Column, string>>[] {
  const [header = '', ...lines] = readFileSync(join(import.meta.dirname, `${name}.tsv`), 'utf8')
    .replace(/\n$/, '')
    .split('\n')
  const columns = header.split('\t') as Column[]
  return lines.map((line) => {
    const cells = line.split('\t').map((cell) => cell.replace(/\\n|\\t|\\ufeff/g, (escape) => escapes[escape]!))
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])) as Record<Column, string>
  })
}
