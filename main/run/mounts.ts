/** Asks the user before a container gets files of the engine's computer, unless a folder dialog has chosen them. */
import { realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { foldersToAllow, type FolderToAllow, type MountedPath } from '../../model/run/mount-question.ts'
import { cleanPath } from '../../model/run/path.ts'
import type { RunOptions } from '../../model/run/run.ts'
import { fail, ok, type Failure, type Result, type RunFailure } from '../../preload/contract/index.ts'
import { readVolumeDevice, type EngineSession } from '../engine/index.ts'

/** What the user is asked. */
export interface MountQuestion {
  readonly reference: string
  /** The container's name; empty for a generated one. */
  readonly name: string
  readonly folders: readonly FolderToAllow[]
}

interface Needs {
  readonly chooseFolder: (current: string) => Promise<string | undefined>
  /** Asks the user. @returns whether the container may have all of the folders; `busy` if the user cannot be asked now */
  readonly allowsFolders: (question: MountQuestion) => Promise<boolean | 'busy'>
}

export function mountPermissions({ chooseFolder, allowsFolders }: Needs) {
  /** The folders that the user has chosen since the app started, with where each led at that time. */
  const chosen = new Map<string, string>()

  return {
    async chooseFolder(current: string): Promise<string | undefined> {
      const folder = await chooseFolder(current)
      const target = folder === undefined ? undefined : await realpath(folder).catch(() => undefined)
      if (folder !== undefined && target !== undefined) chosen.set(cleanPath(folder), target)
      return folder
    },

    /** @returns undefined if the container may have every path that the options name */
    async refusal(session: EngineSession, options: RunOptions): Promise<Failure | undefined> {
      const engineFiles = await filesOfEngine(session)
      let allowed: readonly FolderToAllow[] = []
      while (true) {
        const mounted = await readMountedPaths(session, options)
        if (!mounted.ok) return mounted.error
        const folders = foldersToAllow(mounted.value, { chosen, engineFiles })
        // Paths are read again after each answer: a link may lead elsewhere now than when the user was asked.
        if (folders.length === 0 || isDeepStrictEqual(folders, allowed)) return undefined
        const { reference, name } = options
        const { row } = folders[0]!
        const answer = await allowsFolders({ reference, name, folders })
        if (answer === 'busy') return { code: 'busy' }
        if (!answer) return { code: 'mount-declined', field: 'volumes', row, source: options.volumes[row]!.source }
        allowed = folders
      }
    },
  }
}

export type MountPermissions = ReturnType<typeof mountPermissions>

async function readMountedPaths(
  session: EngineSession,
  { volumes }: RunOptions,
): Promise<Result<readonly MountedPath[], RunFailure>> {
  const mounted: MountedPath[] = []
  for (const [row, { source, readOnly }] of volumes.entries()) {
    // The engine makes a new volume where there is no source.
    const place = source === '' || source.startsWith('/') ? source : await readVolumeDevice(session, source)
    if (!place) continue
    const named = { row, path: cleanPath(place), canWrite: !readOnly }
    try {
      mounted.push(session.context.local ? { ...named, ...(await follow(named.path)) } : named)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return fail({ code: 'mount-missing', field: 'volumes', row, source })
      // Slipway may not read the folder above. The engine may.
      mounted.push(named)
    }
  }
  return ok(mounted)
}

async function follow(path: string): Promise<Pick<MountedPath, 'realPath' | 'isSpecial'>> {
  const realPath = await realpath(path)
  const stats = await stat(realPath)
  return { realPath, isSpecial: !stats.isDirectory() && !stats.isFile() }
}

/** The engine's data and its socket, as the address names it and where that leads. */
async function filesOfEngine({ identity, context }: EngineSession): Promise<readonly string[]> {
  const socket = context.endpoint.startsWith('unix://') ? context.endpoint.slice('unix://'.length) : ''
  const target = context.local && socket !== '' ? await realpath(socket).catch(() => '') : ''
  return [identity.rootDir, socket, target].filter((file) => file.startsWith('/'))
}
