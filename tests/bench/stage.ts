/** What measures share: engines filled once, apps opened the same way, a folder for their sockets. */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { electronBinary } from '../../tools/electron.ts'
import { open, type LaunchOptions } from '../../tools/launch.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import { readInstalledVersion, worldFolder, type Version } from '../../tools/world/paths.ts'
import { Opened } from './opened-app.ts'

/** Debian 12's engine, and the newest that is here. */
export const versions: readonly Version[] = ['20.10', readInstalledVersion('newest') ? 'newest' : '26.1']

const here = import.meta.dirname

export class Stage {
  /** The built app, in a copy: whoever builds meanwhile does not change what is measured. */
  readonly built: string
  /** Whether Electron itself carries the app, or the stand-in, whose transfer is no measure of Electron's. */
  readonly real = electronBinary().real
  readonly folder = join(worldFolder(), 'bench')
  /** Tells what is going on, beside the figures. */
  readonly say: (words: string) => void
  readonly #env: NodeJS.ProcessEnv
  readonly #engines = new Map<string, Promise<Engine>>()

  /** `env` is what windows need to be seen. */
  constructor(env: NodeJS.ProcessEnv, say: (words: string) => void) {
    this.#env = env
    this.say = say
    this.built = join(this.folder, 'dist')
    mkdirSync(this.folder)
    cpSync('dist', this.built, { recursive: true })
    appendFileSync(join(this.built, 'preload/bridge.cjs'), readFileSync(join(here, 'first-row.js')))
  }

  /** An engine with so many images, classic store. Loaded once, and shared by all measures: leave it as it was. */
  engine(version: Version, images: number): Promise<Engine> {
    const key = `${version} ${images}`
    const known = this.#engines.get(key)
    if (known) return known
    const engine = this.#fill(version, images)
    this.#engines.set(key, engine)
    return engine
  }

  async #fill(version: Version, images: number): Promise<Engine> {
    const start = performance.now()
    const engine = await startEngine({ version, store: 'classic' })
    await loadImages(engine.docker, manyImages(images))
    this.say(`${images} images in ${engine.version}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
    return engine
  }

  app(how: LaunchOptions = {}): Promise<Opened> {
    return this.#open({ ...how, main: join(this.built, 'main/index.cjs') })
  }

  /** The app over 5,000 images, equipped and at rest: the first reading of layers would be measured too. */
  async listAtRest(): Promise<Opened> {
    const { socket } = await this.engine('20.10', 5000)
    const app = await this.app({ socket })
    try {
      await app.firstRow()
      await app.equip()
      await app.layersRead()
      return app
    } catch (error) {
      await app.close()
      throw error
    }
  }

  /** The same launcher with an empty page. */
  emptyApp(): Promise<Opened> {
    return this.#open({ main: join(here, 'empty.cjs') })
  }

  /** The app with a page that has the contract and shows nothing: what the way between main and window takes alone. */
  bareApp(how: LaunchOptions = {}): Promise<Opened> {
    const bare = join(this.folder, 'bare')
    if (!existsSync(bare)) {
      cpSync(this.built, bare, { recursive: true })
      writeFileSync(join(bare, 'renderer/index.html'), '<!doctype html><title>bare</title>')
    }
    return this.#open({ ...how, main: join(bare, 'main/index.cjs') })
  }

  async #open(how: LaunchOptions): Promise<Opened> {
    const started = Date.now()
    return new Opened(await open({ ...how, env: { ...this.#env, ...how.env } }), started)
  }

  async close(): Promise<void> {
    const engines = await Promise.allSettled(this.#engines.values())
    for (const engine of engines) if (engine.status === 'fulfilled') await engine.value.stop()
  }
}
