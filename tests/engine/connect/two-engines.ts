/**
 * Two engines with the same images and tags, and Slipway with contexts for both. Slipway reaches `red` through a
 * faulty proxy.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openJournal } from '../../../main/store/journal.ts'
import type { RemovalTarget } from '../../../model/removal/plan.ts'
import { homeWith } from '../home.ts'
import { openRemovalApp, listImages, valueOf, type RemovalApp } from '../removal/removal-app.ts'
import { eventually } from '../eventually.ts'
import { openFaultyProxy, type FaultyProxy } from './faulty-proxy.ts'

export interface TwoEngines {
  readonly red: Engine
  readonly blue: Engine
  stop(): Promise<void>
}

export async function startTwoEngines(options: EngineOptions): Promise<TwoEngines> {
  const [red, blue] = await Promise.all([startEngine(options), startEngine(options)])
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
/** An image on the shared base. Slipway removes images that share a layer one after another. */
const image = (references: string[], bytes: number): ImageSpec => ({
  ...{ references, base, created: new Date(1_700_000_000_000) },
  steps: [{ instruction: `COPY ${references[0]} /`, bytes, noise: true }],
  config: { Cmd: ['/none'] },
})
/** Images that share no layer. Slipway removes them at the same time. */
export const unrelatedImages = ['four:1', 'five:1'].map((name): ImageSpec => {
  const { base: _, ...unrelated } = image([name], 30_000)
  return unrelated
})
const [one, two, three] = [image(['one:1'], 200_000), image(['two:1', 'two:2'], 40_000), image(['three:1'], 5_000)]
export const defaultImages = [one, three, two]
/** The second image to be removed has two tags. It loses one of them while the first image is being removed. */
export const twoTagsSecond = [one, two, three]

export type App = Awaited<ReturnType<typeof openApp>>

interface AppOptions {
  readonly reconnectTimeoutMs?: number
  /** If false, each request to red needs a new connection. */
  readonly keepAlive?: boolean
  /** Images to load into both engines, in the order of removal. */
  readonly images?: readonly ImageSpec[] | undefined
}

/** Loads the images into both engines and opens Slipway; the window shows `red`. */
export async function openApp(
  { red, blue }: TwoEngines,
  { reconnectTimeoutMs, keepAlive, images = defaultImages }: AppOptions = {},
) {
  await Promise.all([red, blue].map(({ docker }) => loadImages(docker, images)))
  const folder = mkdtempSync(join(tmpdir(), 'two-'))
  const link = join(folder, 'docker.sock')
  const proxy: FaultyProxy = await openFaultyProxy(red.socket, keepAlive === undefined ? {} : { keepAlive })
  symlinkSync(proxy.socket, link)
  const before = { red: await listImages(red), blue: await listImages(blue) }
  const services: RemovalApp = await openRemovalApp(red, join(folder, 'app'), {
    environment: homeWith({
      red: { host: `unix://${proxy.socket}` },
      again: { host: `unix://${proxy.socket}` },
      blue: { host: `unix://${blue.socket}` },
      linked: { host: `unix://${link}` },
    }),
    ...(reconnectTimeoutMs !== undefined && { reconnectTimeoutMs }),
  })
  const { engine } = services

  async function waitUntilConnected(name: string) {
    await eventually(() => {
      const state = engine.state()
      return state.status === 'connected' && state.context.name === name && engine.live.snapshot().complete
    }, 30_000)
  }
  /** Plans the removal of all images of the current engine, in the order of `images`. */
  async function planAll() {
    const references = images.flatMap((spec) => spec.references)
    const order = (row: RemovalTarget) => references.indexOf(row.reference ?? '')
    return await services.plan(services.rows().toSorted((a, b) => order(a) - order(b)))
  }
  return {
    ...{ services, proxy, before, waitUntilConnected },
    /** Switches the window to another context, and waits until its engine is connected. */
    async switchTo(name: string) {
      valueOf(await engine.handlers['engine.switch'](name))
      await waitUntilConnected(name)
    },
    planAll,
    /** Starts to remove all images, with a copy of each. @returns the id of the job, without waiting for its end */
    async removeAll() {
      const storedPlan = await planAll()
      const copies = storedPlan.plan.deletes.map(({ image }) => image)
      return valueOf(await services.apply(storedPlan, copies))
    },
    /** Makes the socket of the context `linked` lead to another engine. */
    moveLink(socket: string) {
      symlinkSync(socket, `${link}.new`)
      renameSync(`${link}.new`, link)
    },
    /** Reads the journal from disk, as the next start of the app would. */
    journal: () => openJournal(join(folder, 'app', 'journal')).read(),
    /** The file names of the copies on disk. */
    copies: () => {
      const copiesFolder = join(folder, 'app', 'Slipway')
      return existsSync(copiesFolder) ? readdirSync(copiesFolder) : []
    },
    /** The `DockerRootDir` of the engine that the window shows. */
    rootDir: () => valueOf(engine.session()).identity.rootDir,
    async stop() {
      await services.stop()
      proxy.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const isDelete = (request: string) => request.startsWith('DELETE ')

/** Wraps a predicate so that it is true only for the second request that matches. */
export function onlySecond(matches: (request: string) => boolean) {
  let count = 0
  return (request: string) => matches(request) && ++count === 2
}
