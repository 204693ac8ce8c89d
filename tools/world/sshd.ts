/** A real sshd (Debian's openssh-server) on loopback, for a test. `stop` removes everything that belongs to it. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { terminate, hasExited } from './dockerd.ts'
import { sshdProgram, worldFolder } from './paths.ts'
import { listProcessTree, sendSignal, suspend } from './processes.ts'

export interface Sshd {
  /** `ssh://USER@HOST:PORT`. The world's ssh client has the private key and knows the host key. */
  readonly endpoint: string
  /** Everything that sshd has logged. */
  log(): string
  /** Suspends the server, its sessions and their programs, as if the machine hung. Connections stay open. */
  freeze(): Promise<void>
  /** Ends `freeze`. */
  thaw(): void
  /** Kills the server and its sessions, frozen or not, and removes its files. */
  stop(): Promise<void>
}

let sshdCount = 0

/** Starts an sshd and waits until it listens. `env` is added to the environment of its sessions. */
export async function startSshd(env: Readonly<Record<string, string>>): Promise<Sshd> {
  const name = `far-${++sshdCount}`
  const root = join(worldFolder(), name)
  // System-wide (in the world's /etc), because ssh finds a user's settings through the passwd file, not through $HOME.
  const clientConfig = `/etc/ssh/ssh_config.d/${name}.conf`
  const logFile = join(root, 'sshd.log')
  const port = await findFreePort()

  mkdirSync(join(root, 'home/.ssh'), { recursive: true, mode: 0o700 })
  for (const key of ['host-key', 'user-key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', join(root, key)])
  const publicKey = (key: string) => readFileSync(join(root, `${key}.pub`), 'utf8')
  writeFileSync(join(root, 'home/.ssh/authorized_keys'), publicKey('user-key'), { mode: 0o600 })
  writeFileSync(join(root, 'known_hosts'), `[127.0.0.1]:${port} ${publicKey('host-key')}`)
  writeFileSync(join(root, 'sshd_config'), serverSettings(root, port, env))
  writeFileSync(clientConfig, clientSettings(root, name))
  // A second name for root (uid 0), with its own home, because root's account may be locked.
  addUser(`${name}:*:0:0::${join(root, 'home')}:/bin/sh`)
  // sshd runs its unprivileged processes as this user, in /run/sshd (privilege separation).
  addUser('sshd:*:65534:65534::/run/sshd:/bin/false')
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })

  const output = openSync(logFile, 'a')
  // The kernel kills sshd when our process dies, for whatever reason.
  const args = ['--pdeathsig', 'KILL', sshdProgram, '-D', '-e', '-f', join(root, 'sshd_config')]
  // In a process group of its own, so that Ctrl+C reaches only our process, which stops sshd before it ends.
  const child = spawn('setpriv', args, { stdio: ['ignore', output, output], detached: true })
  child.on('error', () => {}) // hasExited() reports a failed start
  closeSync(output)

  const log = () => readFileSync(logFile, 'utf8')
  const listProcesses = () => (hasExited(child) ? [] : listProcessTree(child.pid!))
  const frozenPids = new Set<number>()

  /** Suspends the server first, so that it starts no new session, and then its descendants until none is running. */
  async function freeze() {
    const findRunning = () => listProcesses().find((pid) => !frozenPids.has(pid))
    for (let pid = findRunning(); pid !== undefined; pid = findRunning()) {
      frozenPids.add(pid)
      await suspend(pid)
    }
  }

  async function stop() {
    // Frozen processes start no others, so no process is missed.
    await freeze()
    for (const pid of listProcesses()) if (pid !== child.pid) sendSignal(pid, 'SIGKILL')
    await terminate(child, 'SIGKILL', 2_000)
    rmSync(clientConfig, { force: true })
    rmSync(root, { recursive: true, force: true })
    removeUser(name)
  }

  try {
    await waitUntilListening()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoint: `ssh://${name}@${name}:${port}`,
    log,
    freeze,
    thaw() {
      for (const pid of frozenPids) sendSignal(pid, 'SIGCONT')
      frozenPids.clear()
    },
    stop,
  }

  async function waitUntilListening() {
    for (let tries = 0; tries < 400 && !hasExited(child); tries++, await sleep(25))
      if (log().includes(`listening on 127.0.0.1 port ${port}`)) return
    throw new Error(`sshd does not start (tools/setup.sh world downloads it):\n${log()}`)
  }
}

const serverSettings = (root: string, port: number, env: Readonly<Record<string, string>>) => `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${root}/host-key
PidFile none
LogLevel VERBOSE
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
SetEnv ${Object.entries(env)
  .map(([name, value]) => `"${name}=${value}"`)
  .join(' ')}
`

const clientSettings = (root: string, name: string) => `
Host ${name}
  HostName 127.0.0.1
  IdentityFile ${root}/user-key
  IdentitiesOnly yes
  UserKnownHostsFile ${root}/known_hosts
  StrictHostKeyChecking yes
`

const passwdFile = '/etc/passwd'
const readUsers = () => readFileSync(passwdFile, 'utf8').split(/(?<=\n)/)
const isEntryOf = (name: string) => (line: string) => line.startsWith(`${name}:`)

/** Does nothing if a user of this name exists. */
function addUser(line: string): void {
  if (!readUsers().some(isEntryOf(line.split(':')[0]!))) writeFileSync(passwdFile, `${line}\n`, { flag: 'a' })
}

function removeUser(name: string): void {
  const isUser = isEntryOf(name)
  writeFileSync(passwdFile, readUsers().filter((line) => !isUser(line)).join('')) // prettier-ignore
}

/** A free port, since sshd cannot choose one itself. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}
