/** What an image's layers are in truth, by its saved configuration: there, each entry says whether it made a layer. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Engine } from '../../../tools/world/engine.ts'

const manifest = v.tupleWithRest([v.object({ Config: v.string() })], v.unknown())
const config = v.object({
  history: v.array(v.object({ empty_layer: v.optional(v.boolean(), false) })),
})
const reported = v.array(v.object({ Size: v.number() }))

/** The sizes of the image's layers, base first, as the classic store reports them. */
export async function trueSizes({ docker }: Engine, image: string): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'truth-'))
  try {
    const file = join(folder, 'saved.tar')
    await writeFile(file, await docker.getImage(image).get())
    const entry = (name: string): unknown => JSON.parse(execFileSync('tar', ['-xOf', file, name], { encoding: 'utf8' }))
    const [{ Config }] = v.parse(manifest, entry('manifest.json'))
    const { history } = v.parse(config, entry(Config))
    const sizes = v.parse(reported, await docker.getImage(image).history()).toReversed()
    return sizes.filter((_, at) => !history[at]!.empty_layer).map(({ Size }) => Size)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
