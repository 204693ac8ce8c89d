/** Facts of this computer that decide what kind of engine an address belongs to. */
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { hostname, release, userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { groupProblem } from '../../../model/engine/docker-group.ts'
import type { GroupProblem, HostFacts, ServiceManager } from '../../../model/engine/kind.ts'

const folders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/run/current-system/sw/bin']
const snapFolder = '/var/snap/docker'

const inWindows = /microsoft/i.test(release())
const desktopProgram = '/mnt/c/Program Files/Docker/Docker/Docker Desktop.exe'
/** Read once, because Windows' files are slow to reach. */
const hasDesktopProgram = inWindows && existsSync(desktopProgram)

/** Read at each connection attempt: Docker may be installed while Slipway runs. */
export function readHostFacts(): HostFacts {
  const group = readGroupProblem()
  return {
    hostName: hostname(),
    manager: serviceManager(),
    userManager: existsSync(`/run/user/${process.getuid?.()}/systemd/private`),
    dockerd: folders.some((folder) => existsSync(`${folder}/dockerd`))
      ? 'package'
      : existsSync(snapFolder)
        ? 'snap'
        : 'none',
    ...{ inWindows, desktopInWindows: hasDesktopProgram || (inWindows && hasDesktopLink()) },
    ...(group && { group }),
  }
}

/** Docker Desktop has been turned on for this distribution: it has put its `docker` here. The link outlasts its stop. */
const hasDesktopLink = () => socketTarget('/usr/bin/docker').startsWith('/mnt/wsl/docker-desktop/')

/** Source: sd_booted(3); OpenRC's and runit's state folders in /run. */
function serviceManager(): ServiceManager {
  if (existsSync('/run/systemd/system')) return 'systemd'
  if (existsSync('/run/openrc')) return 'openrc'
  return existsSync('/run/runit') ? 'runit' : 'other'
}

/** @returns undefined without the system's socket, or if the group is not the problem */
function readGroupProblem(): GroupProblem | undefined {
  try {
    const { gid } = statSync('/var/run/docker.sock')
    const user = { name: userInfo().username, groups: process.getgroups?.() ?? [] }
    return groupProblem(readFileSync('/etc/group', 'utf8'), gid, user)
  } catch {
    return undefined
  }
}

const maxLinks = 8

/** @returns where a socket's path leads, even if nothing exists there, as after Podman or Colima has stopped */
export function socketTarget(path: string): string {
  let target = path
  for (let links = 0; links < maxLinks; links++) {
    try {
      target = resolve(dirname(target), readlinkSync(target))
    } catch {
      return target
    }
  }
  return target
}
