/** The environment of all benchmarks: the built app, engines that already have images, and a folder for sockets. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { electronBinary } from '../../tools/electron.ts'
import { open, type LaunchOptions } from '../../tools/launch.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import { readInstalledVersion, worldFolder, type Version } from '../../tools/world/paths.ts'
import { OpenedApp } from './opened-app.ts'

/** Debian 12's engine, and the newest one that is installed. */
export const versions: readonly Version[] = ['20.10', readInstalledVersion('newest') ? 'newest' : '26.1']

export class BenchEnvironment {
  /** A copy of the built app, so that a build during the benchmarks does not change what is measured. */
  readonly builtApp: string
  /**
   * Whether the app runs in Electron. If not, it runs in the stand-in, whose transfer times say nothing about Electron.
   */
  readonly isElectron = electronBinary().real
  readonly folder = join(worldFolder(), 'bench')
  /** Prints a progress message, apart from the results. */
  readonly log: (message: string) => void
  readonly #env: NodeJS.ProcessEnv
  readonly #engines = new Map<string, Promise<Engine>>()

  /** `env`: the environment variables of the display, which windows need. */
  constructor(env: NodeJS.ProcessEnv, log: (message: string) => void) {
    this.#env = env
    this.log = log
    this.builtApp = join(this.folder, 'dist')
    mkdirSync(this.folder)
    cpSync('dist', this.builtApp, { recursive: true })
    const firstRowScript = readFileSync(join(import.meta.dirname, 'first-row.js'))
    appendFileSync(join(this.builtApp, 'preload/bridge.cjs'), firstRowScript)
  }

  /**
   * An engine with the classic store and this many images. It is started once and shared by all benchmarks, so a
   * benchmark must leave its images unchanged.
   */
  engineWithImages(version: Version, imageCount: number): Promise<Engine> {
    const key = `${version} ${imageCount}`
    const existing = this.#engines.get(key)
    if (existing) return existing
    const engine = this.#startEngine(version, imageCount)
    this.#engines.set(key, engine)
    return engine
  }

  async #startEngine(version: Version, imageCount: number): Promise<Engine> {
    const start = performance.now()
    const engine = await startEngine({ version, store: 'classic' })
    await loadImages(engine.docker, manyImages(imageCount))
    this.log(`${imageCount} images in ${engine.version}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
    return engine
  }

  openApp(options: LaunchOptions = {}): Promise<OpenedApp> {
    return this.#open({ ...options, main: join(this.builtApp, 'main/index.cjs') })
  }

  /** Opens the app with 5,000 images and waits until it has read all layers, so that this work is not measured. */
  async openIdleList(): Promise<OpenedApp> {
    const { socket } = await this.engineWithImages('20.10', 5000)
    const app = await this.openApp({ socket })
    try {
      await app.firstRow()
      await app.addHelpers()
      await app.waitForLayers()
      return app
    } catch (error) {
      await app.close()
      throw error
    }
  }

  /** Opens an app with an empty page, in the same executable. */
  openEmptyApp(): Promise<OpenedApp> {
    return this.#open({ main: join(import.meta.dirname, 'empty-app.cjs') })
  }

  /** Opens the app with a page that can call main but shows nothing, to measure only the transfer between them. */
  openBareApp(options: LaunchOptions = {}): Promise<OpenedApp> {
    const bareApp = join(this.folder, 'bare')
    if (!existsSync(bareApp)) {
      cpSync(this.builtApp, bareApp, { recursive: true })
      writeFileSync(join(bareApp, 'renderer/index.html'), '<!doctype html><title>bare</title>')
    }
    return this.#open({ ...options, main: join(bareApp, 'main/index.cjs') })
  }

  async #open(options: LaunchOptions): Promise<OpenedApp> {
    const startedAt = Date.now()
    return new OpenedApp(await open({ ...options, env: { ...this.#env, ...options.env } }), startedAt)
  }

  async close(): Promise<void> {
    const engines = await Promise.allSettled(this.#engines.values())
    for (const engine of engines) if (engine.status === 'fulfilled') await engine.value.stop()
  }
}
