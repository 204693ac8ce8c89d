/** Electron's `app`: identity, readiness and quitting. */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type * as Electron from 'electron'
import { appEvents, type AppEvents } from './events.ts'
import { acquireLock, releaseLock, type InstanceMessage } from './instance.ts'
import { Lifecycle } from './lifecycle.ts'
import { guard, StrictEmitter, createPreventableEvent } from './guard.ts'
import { readPackage, standardPath, systemLanguages } from './paths.ts'

type Implemented =
  | ('name' | 'getName' | 'setName' | 'getVersion' | 'isPackaged' | 'getAppPath' | 'getPath' | 'setPath')
  | ('getLocale' | 'getPreferredSystemLanguages' | 'whenReady' | 'isReady' | 'quit' | 'exit' | 'commandLine')
  | ('requestSingleInstanceLock' | 'hasSingleInstanceLock' | 'releaseSingleInstanceLock' | 'enableSandbox')

class App extends StrictEmitter<AppEvents> implements Pick<Electron.App, Implemented> {
  readonly isPackaged = false
  readonly commandLine = createCommandLine()
  #resolveReady = () => {}
  readonly #paths = new Map<string, string>()
  readonly #ready = new Promise<void>((resolve) => (this.#resolveReady = resolve))
  #mainPath = process.cwd()
  #version = ''
  #isReady = false
  #lockedFolder: string | undefined
  name = 'Electron'

  constructor() {
    super('app', appEvents)
    process.on('exit', () => this.releaseSingleInstanceLock())
  }

  /** Reads the app's name and version. `main` is electron's argument: a folder with a package.json, or a script. */
  load(main: string): void {
    this.#mainPath = resolve(main)
    const { name, version } = readPackage(this.#mainPath)
    this.name = name
    this.#version = version
  }

  /** Emits `ready` through `emit`, which Playwright's loader replaces to delay the app until Playwright is attached. */
  markReady(): void {
    this.#isReady = true
    this.emit('ready', createPreventableEvent(), {})
    this.#resolveReady()
  }

  whenReady = (): Promise<void> => this.#ready

  isReady = (): boolean => this.#isReady

  quit(): void {
    lifecycle.quit()
  }

  exit(exitCode = 0): void {
    lifecycle.exit(exitCode)
  }

  getName(): string {
    return this.name
  }

  setName(name: string): void {
    this.name = name
  }

  getVersion(): string {
    return this.#version
  }

  getAppPath(): string {
    return statSync(this.#mainPath).isDirectory() ? this.#mainPath : dirname(this.#mainPath)
  }

  getPath(name: string): string {
    const path = this.#paths.get(name) ?? standardPath(name, this.name)
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path)
  }

  getPreferredSystemLanguages(): string[] {
    return systemLanguages()
  }

  getLocale(): string {
    return systemLanguages()[0] ?? 'en-US'
  }

  requestSingleInstanceLock(data?: Record<string, unknown>): boolean {
    if (this.#lockedFolder !== undefined) return true
    const folder = this.getPath('userData')
    const message: InstanceMessage = { argv: process.argv, cwd: process.cwd(), data: data ?? {} }
    const isFirst = acquireLock(folder, message, (message) => void this.#onSecondInstance(message))
    if (isFirst) this.#lockedFolder = folder
    return isFirst
  }

  hasSingleInstanceLock(): boolean {
    return this.#lockedFolder !== undefined
  }

  releaseSingleInstanceLock(): void {
    if (this.#lockedFolder !== undefined) releaseLock(this.#lockedFolder)
    this.#lockedFolder = undefined
  }

  /** Has no effect: pages always run in Chromium's sandbox, except as root or with `--no-sandbox` (chromium.ts). */
  enableSandbox(): void {}

  async #onSecondInstance({ argv, cwd, data }: InstanceMessage): Promise<void> {
    await this.#ready
    this.emit('second-instance', createPreventableEvent(), argv, cwd, data)
  }
}

/** Switches are only stored, with no effect: Chromium is already running when the app sets one. */
function createCommandLine(): Electron.CommandLine {
  const switches = new Map<string, string>()
  for (const argument of process.argv) {
    const [, name, value = ''] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? []
    if (name) switches.set(name, value)
  }
  return guard<Electron.CommandLine>('app.commandLine', {
    appendSwitch: (name, value = '') => void switches.set(name, value),
    hasSwitch: (name) => switches.has(name),
    getSwitchValue: (name) => switches.get(name) ?? '',
    removeSwitch: (name) => void switches.delete(name),
  })
}

export const app = new App()
export const lifecycle = new Lifecycle(app)
