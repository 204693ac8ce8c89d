/** A real sshd (Debian's openssh-server) on loopback, for a test. Nothing of it is left after `stop`. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, hasEnded } from './dockerd.ts'
import { sshdProgram, worldFolder } from './paths.ts'
import { processTree, signal, stopped } from './processes.ts'

export interface Sshd {
  /** `ssh://USER@HOST:PORT`. The world's ssh has the key for it, and knows its host key. */
  readonly endpoint: string
  /** What sshd has logged. */
  log(): string
  /** Stops the server, its sessions and the programs in them, as if the machine hung: connections stay open. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends the server and its sessions, frozen or not, and removes its files. */
  stop(): Promise<void>
}

let started = 0

/** Starts an sshd and waits until it listens. Its sessions have the given environment. */
export async function startSshd(env: Readonly<Record<string, string>>): Promise<Sshd> {
  const name = `far-${++started}`
  const root = join(worldFolder(), name)
  // What ssh adds to a user's own settings. It finds those by the passwd file and not by $HOME. In a world /etc is its own.
  const clientConfig = `/etc/ssh/ssh_config.d/${name}.conf`
  const logFile = join(root, 'sshd.log')
  const port = await freePort()

  mkdirSync(join(root, 'home/.ssh'), { recursive: true, mode: 0o700 })
  for (const key of ['host-key', 'user-key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', join(root, key)])
  const publicKey = (key: string) => readFileSync(join(root, `${key}.pub`), 'utf8')
  writeFileSync(join(root, 'home/.ssh/authorized_keys'), publicKey('user-key'), { mode: 0o600 })
  writeFileSync(join(root, 'known_hosts'), `[127.0.0.1]:${port} ${publicKey('host-key')}`)
  writeFileSync(join(root, 'sshd_config'), serverSettings(root, port, env))
  writeFileSync(clientConfig, clientSettings(root, name))
  // The user is root by another name: with a home of its own, and never locked as root's password may be.
  addUser(`${name}:*:0:0::${join(root, 'home')}:/bin/sh`)
  // The parts of sshd that talk to strangers run as this user, in this folder.
  addUser('sshd:*:65534:65534::/run/sshd:/bin/false')
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })

  const output = openSync(logFile, 'a')
  // It ends with its starter, whatever ends that.
  const command = ['--pdeathsig', 'KILL', sshdProgram, '-D', '-e', '-f', join(root, 'sshd_config')]
  // Not in the terminal's group: Ctrl+C is for whoever started it, who then ends it in order.
  const child = spawn('setpriv', command, { stdio: ['ignore', output, output], detached: true })
  child.on('error', () => {}) // seen as an end without a pid
  closeSync(output)

  const log = () => readFileSync(logFile, 'utf8')
  const processes = () => (hasEnded(child) ? [] : processTree(child.pid!))
  const frozen = new Set<number>()

  /** The server first, so that no session is added; until none has started another program meanwhile. */
  async function freeze() {
    const running = () => processes().find((pid) => !frozen.has(pid))
    for (let pid = running(); pid !== undefined; pid = running()) {
      frozen.add(pid)
      await stopped(pid)
    }
  }

  async function stop() {
    // What is frozen starts nothing, so what is ended here is all.
    await freeze()
    for (const pid of processes()) if (pid !== child.pid) signal(pid, 'SIGKILL')
    await end(child, 'SIGKILL', 2_000)
    rmSync(clientConfig, { force: true })
    rmSync(root, { recursive: true, force: true })
    removeUser(name)
  }

  try {
    await listening()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoint: `ssh://${name}@${name}:${port}`,
    log,
    freeze,
    thaw() {
      for (const pid of frozen) signal(pid, 'SIGCONT')
      frozen.clear()
    },
    stop,
  }

  async function listening() {
    for (let tries = 0; tries < 400 && !hasEnded(child); tries++, await sleep(25))
      if (log().includes(`listening on 127.0.0.1 port ${port}`)) return
    throw new Error(`sshd does not start (tools/setup.sh world brings it):\n${log()}`)
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

const passwd = '/etc/passwd'
const users = () => readFileSync(passwd, 'utf8').split(/(?<=\n)/)
const isOf = (name: string) => (line: string) => line.startsWith(`${name}:`)

function addUser(line: string): void {
  if (!users().some(isOf(line.split(':')[0]!))) writeFileSync(passwd, `${line}\n`, { flag: 'a' })
}

function removeUser(name: string): void {
  const isUser = isOf(name)
  writeFileSync(passwd, users().filter((line) => !isUser(line)).join('')) // prettier-ignore
}

/** sshd cannot choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}
