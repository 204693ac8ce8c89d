// Writes numbers to a file in a loop until the process is killed. Prints each number once it is on the disk.
import * as v from 'valibot'
import { storedFile } from '../../../main/store/file.ts'

const [path = '', first = '1'] = process.argv.slice(2)
const file = storedFile(path, (fields) => ({
  n: fields.value('n', v.optional(v.number(), 0)),
  text: fields.value('text', v.optional(v.string(), '')),
}))
for (let n = Number(first); ; n++) {
  // The text has from one block to a megabyte, so that kills interrupt writes as well as syncs and renames.
  await file.write({ n, text: `${n} `.repeat(1 + ((n * 7919) % 200_000)) })
  process.stdout.write(`${n}\n`)
}
