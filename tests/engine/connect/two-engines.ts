/** Two engines that hold the same images and tags, and Slipway over both: `red` goes by a way that can be broken. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openJournal } from '../../../main/store/journal.ts'
import type { RemovalTarget } from '../../../model/removal/plan.ts'
import { homeWith } from '../home.ts'
import { openRemovalApp, listImages, value, type RemovalApp } from '../removal/removal-app.ts'
import { eventually } from '../eventually.ts'
import { openWay, type Way } from './faulty-proxy.ts'

export interface TwoEngines {
  readonly red: Engine
  readonly blue: Engine
  stop(): Promise<void>
}

export async function startTwoEngines(wish: EngineOptions): Promise<TwoEngines> {
  const [red, blue] = await Promise.all([startEngine(wish), startEngine(wish)])
  return {
    ...{ red, blue },
    async stop() {
      await Promise.all([red.stop(), blue.stop()])
    },
  }
}

const base: ImageSpec = {
  ...{ references: [], created: new Date(1_700_000_000_000) },
  steps: [{ instruction: 'COPY base /', bytes: 1_000 }],
}
/** They share a base, so they go one after another. */
const image = (references: string[], bytes: number): ImageSpec => ({
  ...{ references, base, created: new Date(1_700_000_000_000) },
  steps: [{ instruction: `COPY ${references[0]} /`, bytes, noise: true }],
  config: { Cmd: ['/none'] },
})
export const apartImages = ['four:1', 'five:1'].map((name): ImageSpec => {
  const { base: _, ...apart } = image([name], 30_000)
  return apart
})
const [one, two, three] = [image(['one:1'], 200_000), image(['two:1', 'two:2'], 40_000), image(['three:1'], 5_000)]
export const ownImages = [one, three, two]
/** The second one loses a name while the first one goes. */
export const namedTwiceNext = [one, two, three]

export type App = Awaited<ReturnType<typeof openApp>>

interface Options {
  readonly reconnectTimeoutMs?: number
  /** Each request to red needs a connection of its own. */
  readonly reuse?: boolean
  /** What both engines hold; undefined: what they hold already. */
  readonly images?: readonly ImageSpec[] | undefined
}

/** Both engines hold the images; the window shows `red`. */
export async function openApp(
  { red, blue }: TwoEngines,
  { reconnectTimeoutMs, reuse, images = ownImages }: Options = {},
) {
  await Promise.all([red, blue].map(({ docker }) => loadImages(docker, images)))
  const folder = mkdtempSync(join(tmpdir(), 'two-'))
  const link = join(folder, 'docker.sock')
  const way: Way = await openWay(red.socket, reuse === undefined ? {} : { reuse })
  symlinkSync(way.socket, link)
  const before = { red: await listImages(red), blue: await listImages(blue) }
  const cleaner: RemovalApp = await openRemovalApp(red, join(folder, 'app'), {
    environment: homeWith({
      red: { host: `unix://${way.socket}` },
      again: { host: `unix://${way.socket}` },
      blue: { host: `unix://${blue.socket}` },
      linked: { host: `unix://${link}` },
    }),
    ...(reconnectTimeoutMs !== undefined && { reconnectTimeoutMs }),
  })
  const { engine } = cleaner

  async function connected(name: string) {
    await eventually(() => {
      const state = engine.state()
      return state.status === 'connected' && state.context.name === name && engine.live.snapshot().complete
    }, 30_000)
  }
  /** All images of the engine that is shown, in the order of `images`. */
  async function planAll() {
    const references = images.flatMap((each) => each.references)
    const order = (row: RemovalTarget) => references.indexOf(row.reference ?? '')
    return await cleaner.plan(cleaner.rows().toSorted((a, b) => order(a) - order(b)))
  }
  return {
    ...{ cleaner, way, before, connected },
    /** The window goes to another context, and shows it. */
    async show(name: string) {
      value(await engine.handlers['engine.switch'](name))
      await connected(name)
    },
    planAll,
    /** Starts to remove all images, with copies, and answers with the job at once. */
    async removeAll() {
      const kept = await planAll()
      const images = kept.plan.deletes.map((each) => each.image)
      return value(await cleaner.apply(kept, images))
    },
    /** From now on, another engine is behind the context `linked`. */
    moveLink(to: string) {
      symlinkSync(to, `${link}.new`)
      renameSync(`${link}.new`, link)
    },
    /** What the journal on the disk says at this moment, as another start of the app would read it. */
    journal: () => openJournal(join(folder, 'app', 'journal')).read(),
    copies: () => {
      const place = join(folder, 'app', 'Slipway')
      return existsSync(place) ? readdirSync(place) : []
    },
    rootDir: () => value(engine.session()).identity.rootDir,
    async stop() {
      await cleaner.stop()
      way.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const deletion = (question: string) => question.startsWith('DELETE ')

/** The second request that matches. */
export function second(matches: (question: string) => boolean) {
  let count = 0
  return (question: string) => matches(question) && ++count === 2
}
