/** Why a user may not use the socket of the system's Docker, as far as the group `docker` shows. */
import type { GroupProblem } from './kind.ts'

export interface SocketUser {
  readonly name: string
  /** The groups of the running session, by id. */
  readonly groups: readonly number[]
}

/**
 * @param groupFile the text of `/etc/group`
 * @param socketGroup the id of the socket's group. If there is no group `docker` when dockerd starts, it is root's.
 * @returns undefined if the user is not a member, or a member whose session already has the group
 */
export function groupProblem(groupFile: string, socketGroup: number, user: SocketUser): GroupProblem | undefined {
  if (socketGroup === 0) return 'missing'
  const entries = groupFile.split('\n').map((line) => line.split(':'))
  const members = entries.find(([, , id]) => id === String(socketGroup))?.[3]?.split(',') ?? []
  return members.includes(user.name) && !user.groups.includes(socketGroup) ? 'login' : undefined
}
