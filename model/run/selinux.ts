/** The SELinux label that lets containers use a folder (`-v SOURCE:TARGET:z`): when they need it, and which may get it. */
import { cleanPath } from './path.ts'

/**
 * Whether containers can use a folder only with a label.
 * @param enforce the contents of the kernel's file `/sys/fs/selinux/enforce`; empty without SELinux
 * @param securityOptions of the engine, such as `name=seccomp,profile=default`
 * @see moby daemon/info_unix.go, `name=selinux`: the engine starts containers with labels
 */
export const needsFolderLabels = (enforce: string, securityOptions: readonly string[]): boolean =>
  enforce.trim() === '1' && securityOptions.some((option) => option.split(',').includes('name=selinux'))

/** Folders of the system. Services and logins stop working if files in them have a container's label. */
const systemTrees = /^\/(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|run(?!\/media\/)|sbin|sys|usr)(?:\/|$)/
/** Folders that hold those of several programs or users, and home folders. Folders in them may be labelled. */
const sharedFolders =
  /^\/(?:|home|home\/[^/]+|var\/home|var\/home\/[^/]+|root|var\/roothome|media|mnt|opt|run\/media\/[^/]+|srv|tmp|var|var\/(?:lib|log|tmp|mnt|opt|srv))$/

/**
 * Whether the folder's label may be changed: it is an absolute path, and not part of the system. Stricter than the
 * engine, which refuses some of these folders, but not the ones in them.
 * @see opencontainers/selinux, go-selinux/label, `Relabel`
 */
export function mayLabelFolder(path: string): boolean {
  if (!path.startsWith('/')) return false
  const cleaned = cleanPath(path)
  return !systemTrees.test(cleaned) && !sharedFolders.test(cleaned)
}
