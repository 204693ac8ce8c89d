/**
 * `node tools/world/main.ts demo` starts an engine with the demo's images and containers (`empty` one without), prints
 * the path of its socket on a line of its own, and keeps it until standard input ends, SIGTERM or Ctrl+C.
 * The demo has a Docker Hub and mirrors, too: lines two and three are the socket of the proxy to them, and the certificate
 * to trust; line four has the mirrors' addresses.
 * Called on the machine, it first makes a world to be in. Called in one, its engine is where an installed Docker is, with
 * Slipway's helper and a polkit that says yes: whoever shares the world can change its configuration.
 */
import { spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { addDemoMirrors } from './demo/mirrors.ts'
import { usual } from './dockerd.ts'
import { insideWorld } from './paths.ts'
import { installInWorld, startPolkit } from './polkit.ts'
import { startOnline, startWorld } from './world.ts'

/** The caller stays outside of the world. */
const apart = '--apart'
const content = process.argv[2]
if (content !== 'demo' && content !== 'empty') {
  console.error('usage: node tools/world/main.ts demo|empty')
  process.exit(2)
}
if (!insideWorld()) enterWorld()
await keepWorld(content === 'demo')

async function keepWorld(demo: boolean): Promise<void> {
  const over = new Promise<void>((resolve) => {
    const end = () => resolve()
    process.stdin.on('end', end).on('error', end).resume()
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, end)
  })
  const online = demo ? await startOnline({ makesWhatIsMissing: true }) : undefined
  // So that a pull is seen to go on.
  online?.registry.behave({ bytesPerSecond: 6_000_000 })
  if (online) await addDemoMirrors(online.mirrors)
  const shared = demo && !process.argv.includes(apart)
  const uninstall = shared ? installInWorld() : undefined
  const polkit = shared ? await startPolkit('yes') : undefined
  const world = await startWorld({
    engines: [
      { version: '26.1', store: 'classic', name: 'demo', network: true, asInstalled: shared, ...online?.engine },
    ],
    demo,
  })
  const own = world.engines.map(({ socket }) => (shared ? usual.socket : socket))
  const sockets = [...own, ...(online ? [online.hub.socket] : [])]
  sockets.forEach(giveToUser)
  const mirrors = online?.mirrors.list.map(({ address }) => address) ?? []
  console.log([...sockets, ...(online ? [online.hub.caFile, mirrors.join(' ')] : [])].join('\n'))
  await over
  await world.stop()
  await online?.stop()
  await polkit?.stop()
  uninstall?.()
  process.exit(0)
}

/** Through sudo the engine is root's, while the app that uses it is the user's. */
function giveToUser(socket: string): void {
  const { SUDO_UID, SUDO_GID } = process.env
  if (SUDO_UID && SUDO_GID) chownSync(socket, Number(SUDO_UID), Number(SUDO_GID))
}

/** Becomes this same command inside a world. */
function enterWorld(): void {
  const { status } = spawnSync(join(import.meta.dirname, '../setup.sh'), ['world'], { stdio: ['inherit', 2, 2] })
  if (status !== 0) process.exit(1)
  const launcher = join(import.meta.dirname, 'inside.sh')
  process.execve!(launcher, [launcher, process.execPath, ...process.argv.slice(1), apart], process.env)
}
