/**
 * The true sizes of an image's layers: the sizes of the history entries that created a layer. The config in a saved
 * archive says which ones did.
 */
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
const historySizes = v.array(v.object({ Size: v.number() }))

/** @returns the size in bytes of each layer, base first. Only for the classic store, whose history has these sizes. */
export async function trueSizes({ docker }: Engine, image: string): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'true-sizes-'))
  try {
    const file = join(folder, 'saved.tar')
    await writeFile(file, await docker.getImage(image).get())
    const readEntry = (name: string): unknown =>
      JSON.parse(execFileSync('tar', ['-xOf', file, name], { encoding: 'utf8' }))
    const [{ Config }] = v.parse(manifest, readEntry('manifest.json'))
    const { history } = v.parse(config, readEntry(Config))
    const sizes = v.parse(historySizes, await docker.getImage(image).history()).toReversed()
    return sizes.filter((_, index) => !history[index]!.empty_layer).map(({ Size }) => Size)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
