/** Whether other users could change what is on the way to daemon.json. The helper refuses such a file. */

/** A folder or a symbolic link on the way to a file. */
export interface Hop {
  readonly path: string
  readonly isLink: boolean
  /** Id of its owner. */
  readonly owner: number
  /** Its permissions, such as `0o755`. */
  readonly mode: number
}

const groupOrOthersCanWrite = 0o022
const othersCanWrite = 0o002
const sticky = 0o1000

/**
 * The helper applies the same rules (resources/helper, scope.py and trusted_path.py).
 *
 * @param user the id of the user whose rootless Docker reads the file; undefined for the system's Docker
 * @returns the path of the first folder or link that others could change; undefined if there is none
 */
export function findUnsafeHop(hops: readonly Hop[], user: number | undefined): string | undefined {
  const isSafe = ({ isLink, owner, mode }: Hop) => {
    if (owner !== 0 && owner !== user) return false
    if (isLink) return true
    if (user === undefined) return (mode & groupOrOthersCanWrite) === 0
    // In a folder like /tmp, users can replace only their own files.
    return (mode & sticky) !== 0 || (mode & othersCanWrite) === 0
  }
  return hops.find((hop) => !isSafe(hop))?.path
}
