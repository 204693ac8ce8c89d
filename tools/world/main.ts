/**
 * `node tools/world/main.ts demo` starts an engine with the demo's images and containers; `main.ts empty` starts one
 * without. Both run until standard input ends, SIGTERM or Ctrl+C, and print to standard output:
 *   line 1: the path of the engine's socket
 *   line 2: the socket of the proxy to the demo's Docker Hub and mirrors (only `demo`, as the following lines)
 *   line 3: the path of the CA certificate to trust
 *   line 4: the addresses of the mirrors
 * If started outside of a world, the command first enters a new one. If started inside a world, the demo's engine uses
 * the paths of an installed Docker, with Slipway's helper and a polkit that always lets the helper run, so that an app
 * in this world can change the engine's configuration.
 */
import { spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { addDemoMirrors } from './demo/mirrors.ts'
import { systemPaths } from './dockerd.ts'
import { isInsideWorld } from './paths.ts'
import { installHelperInWorld, startPolkit } from './polkit.ts'
import { startOnline, startWorld } from './world.ts'

/** `enterWorld` adds this flag to its command: the process that called it is outside of the world. */
const callerIsOutsideFlag = '--apart'
const content = process.argv[2]
if (content !== 'demo' && content !== 'empty') {
  console.error('usage: node tools/world/main.ts demo|empty')
  process.exit(2)
}
if (!isInsideWorld()) enterWorld()
await runWorld(content === 'demo')

async function runWorld(isDemo: boolean): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    const end = () => resolve()
    process.stdin.on('end', end).on('error', end).resume()
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, end)
  })
  const online = isDemo ? await startOnline({ createsMissingImages: true }) : undefined
  // Slow enough to watch the progress of a pull.
  online?.registry.setNetworkConditions({ bytesPerSecond: 6_000_000 })
  if (online) await addDemoMirrors(online.mirrors)
  const callerIsInside = isDemo && !process.argv.includes(callerIsOutsideFlag)
  const uninstallHelper = callerIsInside ? installHelperInWorld() : undefined
  const polkit = callerIsInside ? await startPolkit('yes') : undefined
  const world = await startWorld({
    engines: [
      {
        version: '26.1',
        store: 'classic',
        name: 'demo',
        network: true,
        asInstalled: callerIsInside,
        ...online?.engine,
      },
    ],
    demo: isDemo,
  })
  const engineSockets = world.engines.map(({ socket }) => (callerIsInside ? systemPaths.socket : socket))
  const sockets = [...engineSockets, ...(online ? [online.hub.socket] : [])]
  sockets.forEach(chownToSudoUser)
  const mirrors = online?.mirrors.list.map(({ address }) => address) ?? []
  console.log([...sockets, ...(online ? [online.hub.caFile, mirrors.join(' ')] : [])].join('\n'))
  await ended
  await world.stop()
  await online?.stop()
  await polkit?.stop()
  uninstallHelper?.()
  process.exit(0)
}

/** With sudo, the engine runs as root, but the app that connects to it runs as the user. */
function chownToSudoUser(socket: string): void {
  const { SUDO_UID, SUDO_GID } = process.env
  if (SUDO_UID && SUDO_GID) chownSync(socket, Number(SUDO_UID), Number(SUDO_GID))
}

/** Replaces this process with the same command inside a new world. */
function enterWorld(): void {
  const { status } = spawnSync(join(import.meta.dirname, '../setup.sh'), ['world'], { stdio: ['inherit', 2, 2] })
  if (status !== 0) process.exit(1)
  const launcher = join(import.meta.dirname, 'inside.sh')
  process.execve!(launcher, [launcher, process.execPath, ...process.argv.slice(1), callerIsOutsideFlag], process.env)
}
