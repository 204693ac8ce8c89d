/**
 * Which paths of a run the user is asked about before a container gets them: those that the user has not chosen in a folder
 * dialog and, always, those with which a container could take over the computer.
 */
import { cleanPath } from './path.ts'

/** A file or folder of the engine's computer that a run mounts. */
export interface MountedPath {
  /** Index into the options' volumes. */
  readonly row: number
  /** Without `.`, `..` and repeated slashes, which the engine removes before it follows links. */
  readonly path: string
  /** Where the path leads after links; absent if that is unknown, as on another computer. */
  readonly realPath?: string
  /** Neither a folder nor a regular file: a socket, a device, a pipe. */
  readonly isSpecial?: boolean
  readonly canWrite: boolean
}

export interface FolderToAllow {
  readonly row: number
  readonly path: string
  /** Where the path leads, if it leads elsewhere. */
  readonly target?: string
  readonly canWrite: boolean
  /** Whether the container could take over the computer with it. */
  readonly isSystem: boolean
}

interface Known {
  /** The paths that the user has chosen in a folder dialog, with where each led at that time. */
  readonly chosen: ReadonlyMap<string, string>
  /** The engine's socket and data. */
  readonly engineFiles: readonly string[]
}

/** The system's folders, with everything in them. `/run/media` has the users' removable disks. */
const systemTrees =
  /^\/(?:bin|boot|dev|efi|etc|lib|lib32|lib64|libx32|ostree|proc|root|run(?!\/media\/)|sbin|sys|sysroot|usr|var\/lib|var\/roothome|var\/run|var\/spool)(?:\/|$)/
/** Folders with such folders in them. */
const aboveSystem = new Set(['/', '/var'])

/** @returns what to ask about, system paths first; empty if the container may have everything without a question */
export function foldersToAllow(mounted: readonly MountedPath[], known: Known): readonly FolderToAllow[] {
  const asked = mounted.flatMap(({ row, path, realPath, isSpecial = false, canWrite }): FolderToAllow[] => {
    const isSystem = isSpecial || [path, realPath ?? path].some((place) => isSystemPath(place, known.engineFiles))
    // A link in a chosen folder may have been changed since, by a container that has the folder.
    const isChosen = realPath !== undefined && known.chosen.get(path) === realPath
    if (isChosen && !isSystem) return []
    return [{ row, path, ...(realPath !== undefined && realPath !== path && { target: realPath }), canWrite, isSystem }]
  })
  return asked.toSorted((a, b) => Number(b.isSystem) - Number(a.isSystem))
}

function isSystemPath(path: string, engineFiles: readonly string[]): boolean {
  if (aboveSystem.has(path) || systemTrees.test(path)) return true
  return engineFiles.some((file) => isWithin(path, cleanPath(file)) || isWithin(cleanPath(file), path))
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
