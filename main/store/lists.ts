/**
 * The images that an engine was last known to have, for engines whose list takes long: one file an endpoint. What is
 * remembered is shown until the engine has answered, so a file that cannot be read is no loss.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Image } from '../../model/image/image.ts'

export interface Lists {
  recall(endpoint: string): Promise<readonly Image[] | undefined>
  /** Written a moment later, whatever else is remembered until then. */
  remember(endpoint: string, images: ReadonlyMap<string, Image>): void
  forget(endpoint: string): void
  /** Writes at once what has not been written yet: the app ends. */
  end(): void
}

/** Changes come in clusters, and the list of a large engine is a megabyte. */
const writeAfter = 3000

const image = v.object({
  id: v.string(),
  references: v.array(v.string()),
  digests: v.array(v.string()),
  created: v.number(),
  size: v.number(),
  parent: v.exactOptional(v.string()),
})
const stored = v.object({ endpoint: v.string(), images: v.array(image) })

export function rememberedLists(folder: string): Lists {
  /** What is not on the disk yet. */
  const unwritten = new Map<string, ReadonlyMap<string, Image>>()
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  const fileOf = (endpoint: string) => join(folder, `${createHash('sha256').update(endpoint).digest('hex')}.json`)
  const textOf = (endpoint: string, images: ReadonlyMap<string, Image>) =>
    JSON.stringify({ endpoint, images: [...images.values()] })

  async function write() {
    for (const [endpoint, images] of unwritten) {
      const file = fileOf(endpoint)
      await mkdir(folder, { recursive: true })
      await writeFile(`${file}.new`, textOf(endpoint, images), { mode: 0o600 })
      await rename(`${file}.new`, file)
      // What came while this was written waits for its own turn.
      if (unwritten.get(endpoint) === images) unwritten.delete(endpoint)
    }
  }

  function soon(work: () => Promise<unknown>) {
    writing = writing.then(work).then(() => undefined, notRemembered)
  }

  return {
    async recall(endpoint) {
      const images = unwritten.get(endpoint)
      if (images) return [...images.values()]
      await writing
      try {
        const found = v.parse(stored, JSON.parse(await readFile(fileOf(endpoint), 'utf8')))
        return found.endpoint === endpoint ? found.images : undefined
      } catch {
        return undefined
      }
    },
    remember(endpoint, images) {
      unwritten.set(endpoint, images)
      clearTimeout(timer)
      timer = setTimeout(() => soon(write), writeAfter).unref()
    },
    forget(endpoint) {
      unwritten.delete(endpoint)
      soon(() => rm(fileOf(endpoint), { force: true }))
    },
    end() {
      clearTimeout(timer)
      try {
        if (unwritten.size > 0) mkdirSync(folder, { recursive: true })
        for (const [endpoint, images] of unwritten)
          writeFileSync(fileOf(endpoint), textOf(endpoint, images), { mode: 0o600 })
      } catch (error) {
        notRemembered(error)
      }
      unwritten.clear()
    },
  }
}

const notRemembered = (error: unknown) => console.warn('What an engine had is not remembered:', error)
