/** The services that run images, over a real engine, and a window that follows its terminals as the true one does. */
import { containersService } from '../../../main/containers/index.ts'
import { engineService } from '../../../main/engine/index.ts'
import { imagesService } from '../../../main/images/index.ts'
import { runService } from '../../../main/run/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { terminalsService } from '../../../main/terminals/index.ts'
import { runInTerminal } from '../../../main/workflows/index.ts'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultRunOptions, type RunOptions } from '../../../model/run/run.ts'
import type {
  Failure,
  ImagesChange,
  Input,
  Result,
  Terminal,
  TerminalData,
  TerminalId,
  TerminalReplay,
} from '../../../preload/contract/index.ts'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { homeWith } from '../home.ts'
import { eventually } from '../eventually.ts'

export type Runner = Awaited<ReturnType<typeof openRunner>>

/** By its socket, or by another way. */
export async function openRunner(world: Engine, host = `unix://${world.socket}`) {
  const ended = new AbortController()
  const heard: { changes: ImagesChange[]; data?: (data: TerminalData) => void } = { changes: [] }
  const opened: string[] = []
  const engine = engineService({
    environment: { ...homeWith({ elsewhere: { host: 'unix:///nonexistent.sock' } }), env: { DOCKER_HOST: host } },
    publish(name, payload) {
      if (name === 'images.changed') heard.changes.push(payload as ImagesChange)
    },
    lists: openStore(mkdtempSync(join(tmpdir(), 'runner-'))).lists,
  })
  const terminals = terminalsService({
    engine,
    publish: (name, payload) => void (name === 'terminals.data' && heard.data?.(payload as TerminalData)),
  })
  const runs = runService({
    engine,
    details: imagesService(engine).handlers['images.details'],
    chooseFolder: async (now) => now,
  })
  const handlers = {
    ...containersService({ engine, openPage: async (url) => void opened.push(url) }).handlers,
    ...runs.handlers,
    ...terminals.handlers,
    ...runInTerminal(runs, terminals),
  }
  const running = engine.run(ended.signal)
  await eventually(() => engine.live.snapshot().complete)

  const imageOf = (reference: string) => {
    const image = [...engine.live.images().values()].find(({ references }) => references.includes(reference))
    if (!image) throw new Error(`${reference} is not there`)
    return image.id
  }
  const size = { columns: 80, rows: 24 }
  const run = (reference: string, more: Partial<RunOptions> = {}, at = size) =>
    handlers['run.start']({
      wish: unfrozen({ ...defaultRunOptions(imageOf(reference), reference), network: 'none', ...more }),
      size: at,
    })
  return {
    engine,
    calls: handlers,
    opened,
    changes: heard.changes,
    imageOf,
    run,
    async started(reference: string, more: Partial<RunOptions> = {}) {
      return value(await run(reference, more))
    },
    async refused(reference: string, more: Partial<RunOptions> = {}): Promise<Failure> {
      const answer = await run(reference, more)
      if (answer.ok) throw new Error('it was run')
      return answer.error
    },
    async suggested(reference: string) {
      return value(await handlers['run.suggest']({ image: imageOf(reference), reference }))
    },
    async open(container: string, kind: Terminal['kind']): Promise<TerminalId> {
      return value(await handlers['terminals.open']({ container, kind, size }))
    },
    terminal: (id: TerminalId) => value(handlers['terminals.list'](undefined)).find((one) => one.id === id),
    /** A window that has just been loaded; the one before it hears nothing more. */
    window() {
      const screens = new Map<TerminalId, Screen>()
      heard.data = (data) => screens.get(data.id)?.draw(data)
      return {
        /** Shows a terminal; `takes`: whether it tells what it has drawn. */
        show(id: TerminalId, takes = true): Screen {
          const took = (upTo: number) => void handlers['terminals.took']({ id, upTo })
          const screen = new Screen(value(handlers['terminals.replay'](id)), takes ? took : () => {})
          screens.set(id, screen)
          return screen
        },
      }
    },
    type: (id: TerminalId, text: string) => void handlers['terminals.write']({ id, text }),
    async stop() {
      await terminals.end()
      ended.abort()
      await running
    },
  }
}

/** An engine with images to be run, for the tests that follow; without containers and terminals before each. */
export function runnerOn(wish: EngineOptions, opened: (here: { engine: Engine; runner: Runner }) => void) {
  let engine: Engine
  let runner: Runner
  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, runnableImages())
    runner = await openRunner(engine)
    opened({ engine, runner })
  })
  afterAll(async () => {
    await runner?.stop()
    await engine?.stop()
  })
  afterEach(async () => {
    for (const { id } of value(runner.calls['terminals.list'](undefined))) await runner.calls['terminals.close'](id)
    for (const { Id } of await engine.docker.listContainers({ all: true }))
      await engine.docker.getContainer(Id).remove({ force: true, v: true })
    await eventually(() => runner.engine.live.containers().size === 0)
  })
}

export class Screen {
  readonly #took
  bytes: Buffer[]
  at: number
  end: number

  constructor({ at, bytes }: TerminalReplay, took: (upTo: number) => void) {
    this.bytes = [Buffer.from(bytes)]
    this.at = at
    this.end = at + bytes.length
    this.#took = took
  }

  draw({ at, bytes }: TerminalReplay) {
    if (at < this.end) return
    if (at > this.end) throw new Error(`bytes from ${this.end} to ${at} are missing`)
    this.bytes.push(Buffer.from(bytes))
    this.end += bytes.length
    this.#took(this.end)
  }

  get all(): Buffer {
    return Buffer.concat(this.bytes)
  }
  get text(): string {
    return this.all.toString()
  }
  shows(what: string | RegExp): Promise<void> {
    const holds = typeof what === 'string' ? () => this.text.includes(what) : () => what.test(this.text)
    return eventually(holds, 20_000).catch(() => {
      throw new Error(`${String(what)} is not shown, but: ${JSON.stringify(this.text.slice(-1000))}`)
    })
  }
}

/** As the contract's schema hands it over. */
const unfrozen = (wish: RunOptions) => structuredClone(wish) as Input<'run.start'>['wish']

export function value<T>(answer: Result<T> | Promise<Result<T>>): T {
  if (answer instanceof Promise) throw new Error('to be waited for')
  if (!answer.ok) throw new Error(JSON.stringify(answer.error))
  return answer.value
}
