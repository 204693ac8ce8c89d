import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Benchmark } from './benchmark.ts'

const maxBytes = 120_000

export const bundle: Benchmark = {
  name: 'bundle',
  description: 'JavaScript that the window loads at its start, gzipped',
  async run({ builtApp }) {
    const page = join(builtApp, 'renderer/index.html')
    const files = new Set(findPaths(page, /<(?:script|link rel="modulepreload")[^>]*(?:src|href)="([^"]+\.js)"/g))
    // Dynamic imports are loaded later, so they do not count, except for the messages of one language.
    for (const file of files)
      for (const imported of findPaths(file, /\b(?:import|export)\b[^'"`();]*["'](\.[^"']+\.js)["']/g))
        files.add(imported)
    if (files.size === 0) throw new Error(`${page} loads no script`)
    const messageCatalogues = [...files].flatMap((file) =>
      findPaths(file, /import\(["'`](\.\/(?:en|zh-CN)-[^"'`]+\.js)["'`]\)/g),
    )
    if (messageCatalogues.length === 0) throw new Error('the window loads no catalogue of messages')
    const gzippedBytes = (file: string) => gzipSync(readFileSync(file)).length
    const largestCatalogue = Math.max(...messageCatalogues.map(gzippedBytes))
    const value = [...files].reduce((sum, file) => sum + gzippedBytes(file), 0) + largestCatalogue
    return [
      {
        name: 'bundle',
        value,
        reference: null,
        goal: `≤ ${maxBytes / 1000} kB`,
        pass: value <= maxBytes,
        summary: `${(value / 1000).toFixed(1)} kB gzipped, ${files.size} ${files.size === 1 ? 'file' : 'files'}`,
      },
    ]
  },
}

/** The paths that the pattern's group captures in a file, resolved against the file's folder. */
const findPaths = (file: string, pattern: RegExp): string[] =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, path]) => join(dirname(file), path!))
