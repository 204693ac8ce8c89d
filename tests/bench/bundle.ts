import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Measure } from './measure.ts'

const bound = 120_000

export const bundle: Measure = {
  name: 'bundle',
  what: 'JavaScript that the window loads at its start, gzipped',
  async run({ built }) {
    const page = join(built, 'renderer/index.html')
    const files = new Set(matches(page, /<(?:script|link rel="modulepreload")[^>]*(?:src|href)="([^"]+\.js)"/g))
    // `import(…)` is loaded when it is needed, so it does not count; but one language is needed at once.
    for (const file of files)
      for (const imported of matches(file, /\b(?:import|export)\b[^'"`();]*["'](\.[^"']+\.js)["']/g))
        files.add(imported)
    if (files.size === 0) throw new Error(`no script in ${page}`)
    const catalogues = [...files].flatMap((file) =>
      matches(file, /import\(["'`](\.\/(?:en|zh-CN)-[^"'`]+\.js)["'`]\)/g),
    )
    if (catalogues.length === 0) throw new Error('no catalogue of messages is loaded')
    const sizeOf = (file: string) => gzipSync(readFileSync(file)).length
    const value = [...files].reduce((sum, file) => sum + sizeOf(file), 0) + Math.max(...catalogues.map(sizeOf))
    return [
      {
        name: 'bundle',
        value,
        reference: null,
        goal: `≤ ${bound / 1000} kB`,
        pass: value <= bound,
        says: `${(value / 1000).toFixed(1)} kB gzipped, ${files.size} ${files.size === 1 ? 'file' : 'files'}`,
      },
    ]
  },
}

/** The files that a file names, as paths. */
const matches = (file: string, pattern: RegExp): string[] =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, path]) => join(dirname(file), path!))
