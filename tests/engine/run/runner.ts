/** The services that run images, over a real engine, and a window that collects the output of terminals. */
import { containersService } from '../../../main/containers/index.ts'
import { engineService } from '../../../main/engine/index.ts'
import { imagesService } from '../../../main/images/index.ts'
import { runService, type MountQuestion } from '../../../main/run/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { terminalsService } from '../../../main/terminals/index.ts'
import { runInTerminal } from '../../../main/workflows/index.ts'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultRunOptions, type RunOptions } from '../../../model/run/run.ts'
import {
  ok,
  type Failure,
  type ImagesChange,
  type Input,
  type Result,
  type Terminal,
  type TerminalData,
  type TerminalId,
  type OutputChunk,
} from '../../../preload/contract/index.ts'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { homeWith } from '../home.ts'
import { eventually } from '../eventually.ts'

export type Runner = Awaited<ReturnType<typeof openRunner>>

type Answer = (question: MountQuestion) => boolean | Promise<boolean>

/** Starts the services over an engine. @param host by default the engine's socket */
export async function openRunner(worldEngine: Pick<Engine, 'socket'>, host = `unix://${worldEngine.socket}`) {
  const ended = new AbortController()
  const changes: ImagesChange[] = []
  let onTerminalData: ((data: TerminalData) => void) | undefined
  const openedUrls: string[] = []
  const askedUrls: string[] = []
  const questions: MountQuestion[] = []
  let answer: Answer = () => true
  let folderToChoose: string | undefined
  const engine = engineService({
    environment: {
      ...homeWith({ elsewhere: { host: 'unix:///nonexistent.sock' } }),
      env: { ...process.env, DOCKER_HOST: host },
    },
    publish(name, payload) {
      if (name === 'images.changed') changes.push(payload as ImagesChange)
    },
    lists: openStore(mkdtempSync(join(tmpdir(), 'runner-'))).lists,
  })
  const terminals = terminalsService({
    engine,
    publish: (name, payload) => void (name === 'terminals.data' && onTerminalData?.(payload as TerminalData)),
  })
  const runs = runService({
    engine,
    details: imagesService(engine).details,
    chooseFolder: async () => folderToChoose,
    async allowsFolders(question) {
      questions.push(question)
      return answer(question)
    },
  })
  const handlers = {
    ...containersService({
      engine,
      openPage: async (url) => void openedUrls.push(url),
      async openLink(url) {
        askedUrls.push(url)
        return ok(undefined)
      },
    }).handlers,
    ...runs.handlers,
    ...terminals.handlers,
    ...runInTerminal(runs, terminals),
  }
  const running = engine.run(ended.signal)
  await eventually(() => engine.live.snapshot().complete)

  const imageOf = (reference: string) => {
    const image = [...engine.live.images().values()].find(({ references }) => references.includes(reference))
    if (!image) throw new Error(`no image has the tag ${reference}`)
    return image.id
  }
  const size = { columns: 80, rows: 24 }
  const run = (reference: string, overrides: Partial<RunOptions> = {}, terminalSize = size) =>
    handlers['run.start']({
      options: toInput({ ...defaultRunOptions(imageOf(reference), reference), network: 'none', ...overrides }),
      size: terminalSize,
    })
  return {
    engine,
    calls: handlers,
    /** The URLs that were opened in the browser. */
    openedUrls,
    /** The URLs about which the user was asked. */
    askedUrls,
    /** What the user was asked before a container got folders. */
    questions,
    /** Answers these questions from now on; by default with Yes. */
    answerQuestions: (answers: Answer) => void (answer = answers),
    /** Chooses a folder in the dialog. */
    async choose(folder: string) {
      folderToChoose = folder
      return valueOf(await handlers['run.chooseFolder']('/'))
    },
    changes,
    /** The id of the image that has a tag. */
    imageOf,
    run,
    /** Runs an image. @throws if the engine or Slipway refuses to */
    async start(reference: string, overrides: Partial<RunOptions> = {}) {
      return valueOf(await run(reference, overrides))
    },
    /** Tries to run an image. @returns the failure. @throws if the image was run */
    async failureOf(reference: string, overrides: Partial<RunOptions> = {}): Promise<Failure> {
      const result = await run(reference, overrides)
      if (result.ok) throw new Error(`${reference} was run, but should have been refused`)
      return result.error
    },
    /** The options that the dialog suggests for an image. */
    async suggest(reference: string) {
      return valueOf(await handlers['run.suggest']({ image: imageOf(reference), reference }))
    },
    async open(container: string, kind: Terminal['kind']): Promise<TerminalId> {
      return valueOf(await handlers['terminals.open']({ container, kind, size }))
    },
    terminal: (id: TerminalId) => valueOf(handlers['terminals.list'](undefined)).find((terminal) => terminal.id === id),
    /** Opens a window, as if the window was reloaded. The previous window receives no more data. */
    window() {
      const screens = new Map<TerminalId, Screen>()
      onTerminalData = (data) => screens.get(data.id)?.draw(data)
      return {
        /** Shows a terminal. @param acknowledges whether the window acknowledges the bytes that it has drawn */
        show(id: TerminalId, acknowledges = true): Screen {
          const acknowledge = (upTo: number) => void handlers['terminals.acknowledge']({ id, upTo })
          const screen = new Screen(valueOf(handlers['terminals.replay'](id)), acknowledges ? acknowledge : () => {})
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

/**
 * Registers hooks that start an engine with runnable images before all tests of a `describe` block, and remove all
 * containers and terminals after each test.
 * @param onOpen called once the engine and the services are started
 */
export function useRunner(options: EngineOptions, onOpen: (opened: { engine: Engine; runner: Runner }) => void) {
  let engine: Engine
  let runner: Runner
  beforeAll(async () => {
    engine = await startEngine(options)
    await loadImages(engine.docker, runnableImages())
    runner = await openRunner(engine)
    onOpen({ engine, runner })
  })
  afterAll(async () => {
    await runner?.stop()
    await engine?.stop()
  })
  afterEach(async () => {
    for (const { id } of valueOf(runner.calls['terminals.list'](undefined))) await runner.calls['terminals.close'](id)
    for (const { Id } of await engine.docker.listContainers({ all: true }))
      await engine.docker.getContainer(Id).remove({ force: true, v: true })
    await eventually(() => runner.engine.live.containers().size === 0)
  })
}

/** The bytes that a window has received of one terminal. */
export class Screen {
  readonly #acknowledge
  bytes: Buffer[]
  /** The position of the first byte in the terminal's whole output. */
  readonly start: number
  /** The position after the last byte. */
  end: number

  constructor({ at, bytes }: OutputChunk, acknowledge: (upTo: number) => void) {
    this.bytes = [Buffer.from(bytes)]
    this.start = at
    this.end = at + bytes.length
    this.#acknowledge = acknowledge
  }

  draw({ at, bytes }: OutputChunk) {
    if (at < this.end) return
    if (at > this.end) throw new Error(`bytes from ${this.end} to ${at} are missing`)
    this.bytes.push(Buffer.from(bytes))
    this.end += bytes.length
    this.#acknowledge(this.end)
  }

  get allBytes(): Buffer {
    return Buffer.concat(this.bytes)
  }
  get text(): string {
    return this.allBytes.toString()
  }
  /** Waits until the output contains a text. */
  waitForText(expected: string | RegExp): Promise<void> {
    const isMatch = typeof expected === 'string' ? () => this.text.includes(expected) : () => expected.test(this.text)
    return eventually(isMatch, 20_000).catch(() => {
      throw new Error(`${String(expected)} is not shown, but: ${JSON.stringify(this.text.slice(-1000))}`)
    })
  }
}

/** A mutable copy, as the contract's schema returns it. */
const toInput = (options: RunOptions) => structuredClone(options) as Input<'run.start'>['options']

export function valueOf<T>(result: Result<T> | Promise<Result<T>>): T {
  if (result instanceof Promise) throw new Error('await the result first')
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}
