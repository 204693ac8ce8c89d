// Finds unused messages, and messages with a dash. The type check already finds missing messages and invalid parameters.
import { globSync, readFileSync } from 'node:fs'
import { catalogues } from '../resources/messages/index.ts'

const sources = globSync(['renderer/**/*.{ts,svelte}', 'main/**/*.ts', 'tools/install-helper.ts']).map((file) =>
  readFileSync(file, 'utf8'),
)
const unused = Object.keys(catalogues.en).filter((key) => !sources.some((source) => source.includes(`'${key}'`)))
const messagesWithDash = Object.values(catalogues).flatMap((catalogue) =>
  Object.entries(catalogue).filter(([, text]) => JSON.stringify(text).includes('—')),
)

for (const key of unused) console.error(`unused message: ${key}`)
for (const [key] of messagesWithDash) console.error(`message ${key} contains a dash: use a comma`)
process.exitCode = unused.length + messagesWithDash.length > 0 ? 1 : 0
