/**
 * Caches image lists in files, for engines that take long to list their images. A cached list is only shown until the
 * engine has replied, so the loss of an invalid file does no harm.
 */
import { createHash } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Image } from '../../model/image/image.ts'
import { prepareFolder } from './disk.ts'
import type { Fields } from './fields.ts'
import { storedFile, type OwnedFile } from './file.ts'

/** The cached lists. The parameter `engine` is the engine's key (`engineKey`). */
export interface Lists {
  /** @returns undefined if the engine's list is not cached */
  read(engine: string): Promise<readonly Image[] | undefined>
  /** Writes the list to its file 3 s after the last change. */
  write(engine: string, images: ReadonlyMap<string, Image>): void
  remove(engine: string): void
  /** Writes pending lists. Call this before the app ends. */
  end(): Promise<void>
}

/** Long, because changes often follow one another quickly, and the list of a large engine takes a megabyte. */
const writeDelayMs = 3000
/** A list that has been neither read nor written for this time is deleted. */
const unusedAfterMs = 90 * 86_400_000
const maxLists = 32

const image = v.object({
  id: v.string(),
  references: v.array(v.string()),
  digests: v.array(v.string()),
  created: v.number(),
  size: v.number(),
  sizeUnknown: v.exactOptional(v.literal(true)),
  parent: v.exactOptional(v.string()),
})

interface List {
  /** The engine's key. */
  readonly endpoint?: string | undefined
  readonly images: readonly Image[]
}
const readList = (fields: Fields): List => ({
  endpoint: fields.value('endpoint', v.optional(v.string())),
  images: fields.list('images', image),
})

export function storedLists(folder: string): Lists {
  const files = new Map<string, OwnedFile<List>>()
  /** Lists that have not been passed to their files yet. */
  const unwritten = new Map<string, ReadonlyMap<string, Image>>()
  let timer: NodeJS.Timeout | undefined
  prepareFolder(folder)

  const pathOf = (engine: string) => join(folder, `${createHash('sha256').update(engine).digest('hex')}.json`)
  function fileOf(engine: string): OwnedFile<List> {
    const file = files.get(engine) ?? storedFile(pathOf(engine), readList, { compact: true })
    files.set(engine, file)
    return file
  }

  async function writePending() {
    clearTimeout(timer)
    const lists = [...unwritten]
    unwritten.clear()
    await Promise.all(
      lists.map(([engine, images]) => fileOf(engine).write({ endpoint: engine, images: readableImages(images) })),
    )
  }

  return {
    async read(engine) {
      const images = unwritten.get(engine)
      if (images) return [...images.values()]
      const { value } = fileOf(engine)
      if (value.endpoint !== engine) return undefined
      const now = new Date()
      await utimes(pathOf(engine), now, now).catch(() => undefined)
      return value.images
    },
    write(engine, images) {
      unwritten.set(engine, images)
      clearTimeout(timer)
      timer = setTimeout(() => void writePending().then(() => deleteUnused(folder)), writeDelayMs).unref()
    },
    remove(engine) {
      unwritten.delete(engine)
      void fileOf(engine).remove()
    },
    async end() {
      await writePending()
      await Promise.all([...files.values()].map((file) => file.settle()))
      await deleteUnused(folder)
    },
  }
}

/** Leaves out images that the engine could not inspect. */
const readableImages = (images: ReadonlyMap<string, Image>) =>
  [...images.values()].filter(({ unreadable }) => unreadable === undefined)

interface ListFile {
  readonly name: string
  readonly usedAtMs: number
}

/** @returns the names of the files to delete: files not used for 90 days, and lists other than the 32 used last */
export function unusedLists(files: readonly ListFile[], nowMs: number): string[] {
  const isOld = ({ usedAtMs }: ListFile) => nowMs - usedAtMs > unusedAfterMs
  const lists = files.filter(({ name }) => name.endsWith('.json')).sort((a, b) => b.usedAtMs - a.usedAtMs)
  return [...new Set([...files.filter(isOld), ...lists.slice(maxLists)])].map(({ name }) => name)
}

async function deleteUnused(folder: string): Promise<void> {
  try {
    const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}\.json/.test(name))
    const files = await Promise.all(
      names.map(async (name) => ({ name, usedAtMs: (await stat(join(folder, name))).mtimeMs })),
    )
    for (const name of unusedLists(files, Date.now())) await rm(join(folder, name), { force: true })
  } catch {
    // The next write tries again.
  }
}
