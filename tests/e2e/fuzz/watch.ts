/** Watches the fuzzed main: answers its questions with No, and records what it opens, starts and uses. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type Docker from 'dockerode'
import type { Slipway } from '../slipway.ts'

export interface Watched {
  readonly questions: number
  /** Addresses and files that were opened outside of the app. */
  readonly opened: readonly string[]
  /** Programs that were started. */
  readonly started: readonly string[]
}

export interface Usage {
  readonly heapBytes: number
  readonly openFiles: number
}

export async function watchMain({ electron }: Slipway) {
  const errors: string[] = []
  const { stderr } = electron.process()
  if (stderr) createInterface({ input: stderr }).on('line', (line) => errors.push(line))
  await electron.evaluate(({ app, dialog, shell }) => {
    const watched = { questions: 0, opened: new Array<string>(), started: new Array<string>(), ended: false }
    Object.assign(globalThis, { watched })
    const cancel = async <T>(answer: T) => {
      watched.questions++
      return answer
    }
    dialog.showMessageBox = (...args: unknown[]) => {
      const { cancelId = 0 } = args.at(-1) as Electron.MessageBoxOptions
      return cancel({ response: cancelId, checkboxChecked: false })
    }
    dialog.showOpenDialog = () => cancel({ canceled: true, filePaths: [] })
    dialog.showSaveDialog = () => cancel({ canceled: true, filePath: '' })
    shell.openExternal = async (url) => void watched.opened.push(url)
    shell.openPath = async (path) => {
      watched.opened.push(path)
      return ''
    }
    // `window.quit` would end the app, at once or after the open question.
    const quit = app.quit.bind(app)
    app.quit = () => void (watched.ended && quit())
    process.getBuiltinModule('node:diagnostics_channel').subscribe('child_process', (message) => {
      const { process: child } = message as { process: import('node:child_process').ChildProcess }
      // The message is published before the program has its arguments.
      setImmediate(() => watched.started.push(child.spawnargs.join(' ')))
    })
  })
  return {
    /** Lines on standard error since the start of the watch. */
    errors,
    /** Ends the watch: from now on, the window can be closed. */
    end: () =>
      electron.evaluate(() => {
        const { watched } = globalThis as unknown as { watched: Watched & { ended: boolean } }
        watched.ended = true
        return watched
      }),
    /** What main uses after a collection of garbage. */
    usage: (): Promise<Usage> =>
      electron.evaluate(() => {
        process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
        const collect = process.getBuiltinModule('node:vm').runInNewContext('gc') as () => void
        collect()
        collect()
        const openFiles = process.getBuiltinModule('node:fs').readdirSync('/proc/self/fd').length
        return { heapBytes: process.memoryUsage().heapUsed, openFiles }
      }),
  }
}

/** @returns the containers that have a folder or a file of the computer, or its devices, or all rights */
export async function dangerousContainers(docker: Docker): Promise<string[]> {
  const found: string[] = []
  for (const { Id } of await docker.listContainers({ all: true })) {
    const inspected = await docker
      .getContainer(Id)
      .inspect()
      .catch(() => undefined)
    if (!inspected) continue
    const { Binds, Privileged, Devices } = inspected.HostConfig
    const binds = [
      ...(Binds ?? []).filter((bind) => bind.startsWith('/')),
      ...inspected.Mounts.filter((mount) => mount.Type === 'bind').map((mount) => mount.Source),
      ...(Devices ?? []).map((device: unknown) => JSON.stringify(device)),
      ...(Privileged === true ? ['privileged'] : []),
    ]
    if (binds.length > 0) found.push(`${inspected.Name}: ${binds.join(', ')}`)
  }
  return found
}

/** @returns the hash of each file under the folders, except of those under `except` */
export function fingerprint(folders: readonly string[], except: readonly string[]): Record<string, string> {
  const hashes: Record<string, string> = {}
  const read = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (except.includes(path)) continue
      if (entry.isDirectory()) read(path)
      else if (entry.isSymbolicLink()) hashes[path] = `-> ${readlinkSync(path)}`
      else if (entry.isFile()) hashes[path] = createHash('sha256').update(readFileSync(path)).digest('hex')
    }
  }
  folders.forEach(read)
  return hashes
}
