import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { awkwardImages } from '../../../tools/world/awkward.ts'
import { demoImages, fillWithDemo } from '../../../tools/world/demo.ts'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { mountsUnder } from '../../../tools/world/processes.ts'
import { startWorld } from '../../../tools/world/world.ts'
import { matrix } from '../matrix.ts'

const engines: Engine[] = []
/** Starts an engine that is stopped after the test. */
const start = async (engineOptions: EngineOptions) => {
  const engine = await startEngine(engineOptions)
  engines.push(engine)
  return engine
}
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
})

const runDocker = (engine: Engine, ...args: string[]) =>
  execFileSync(`${engine.programs}/docker`, args, {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
  })

const hasEnded = (pid: number) => !existsSync(`/proc/${pid}`)

describe.each(matrix)('$title', (engineOptions) => {
  test('an engine lists the demo’s images, runs its containers, and leaves nothing behind when stopped', async () => {
    const engine = await start({ ...engineOptions, network: true })
    await fillWithDemo(engine.docker, { network: true, scale: 0.01 })

    const images = runDocker(engine, 'images', '--format', '{{.Repository}}:{{.Tag}}').trim().split('\n')
    expect(images.filter((name) => name !== '<none>:<none>').sort()).toEqual(
      demoImages()
        .flatMap((image) => image.references)
        .sort(),
    )
    expect(images.filter((name) => name === '<none>:<none>')).toHaveLength(2)
    expect(runDocker(engine, 'run', '--rm', 'hello-world')).toContain('Hello from Docker!')
    expect(runDocker(engine, 'run', '--rm', 'ubuntu:12.04', '/bin/bash', '-c', 'cat /etc/os-release')).toContain(
      '12.04.5',
    )
    const running = runDocker(engine, 'ps', '--format', '{{.Names}} {{.Ports}}')
    expect(running).toContain('web 0.0.0.0:80->80/tcp')
    expect(running).toContain('cache')
    expect(
      runDocker(engine, 'ps', '-a', '--filter', 'status=exited', '--format', '{{.Names}}').split('\n').sort(),
    ).toEqual(['', 'index-nightly', 'shop-db'])

    const containers = (await engine.docker.listContainers()).map(({ Id }) => engine.docker.getContainer(Id))
    const containerPids = await Promise.all(containers.map(async (container) => (await container.inspect()).State.Pid))
    const pids = [engine.pid, ...containerPids]
    runDocker(engine, 'pause', 'cache')
    await engine.stop()
    await waitUntil(() => pids.every(hasEnded))
    expect(mountsUnder(engine.root)).toEqual([])
    expect(existsSync(engine.root)).toBe(false)
    expect(findControlGroups(engine.name)).toEqual([])
    expect(execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' })).not.toMatch(/veth|slipway/)
  })

  test('an engine can load unusual images, and many at once', async () => {
    const engine = await start(engineOptions)
    const images = [...awkwardImages(), ...manyImages(40, { layers: 5 })]
    await loadImages(engine.docker, images)
    expect(await engine.docker.listImages()).toHaveLength(images.length)
  })

  test('an engine restarts after a crash and after a shutdown', async () => {
    const engine = await start(engineOptions)
    await loadImages(engine.docker, demoImages().slice(0, 1))
    const firstPid = engine.pid
    await engine.kill()
    expect(engine.running).toBe(false)
    await engine.restart()
    expect(engine.pid).not.toBe(firstPid)
    await engine.shutDown()
    expect(engine.running).toBe(false)
    await engine.restart()
    expect(await engine.docker.listImages()).toHaveLength(1)
  })

  test('a frozen engine does not answer until it is thawed', async () => {
    const engine = await start(engineOptions)
    await engine.freeze()
    const answer = engine.docker.ping().then(() => 'answered')
    expect(await Promise.race([answer, sleep(300, 'silent')])).toBe('silent')
    engine.thaw()
    expect(await answer).toBe('answered')
  })
})

const defaultEngine = { version: '26.1', store: 'classic' } as const

test('images with equal steps share their layers', async () => {
  const engine = await start(defaultEngine)
  await loadImages(engine.docker, demoImages({ scale: 0.01 }))
  const readLayers = async (name: string) => (await engine.docker.getImage(name).inspect()).RootFS.Layers ?? []
  const names = ['debian:bookworm-slim', 'nginx:1.27', 'nginx:1.25']
  const [base, newer, older] = await Promise.all(names.map(readLayers))
  expect(newer!.slice(0, base!.length)).toEqual(base)
  expect(older!.slice(0, base!.length)).toEqual(base)
  expect(newer!.at(-1)).toBe(older!.at(-1))
})

test('an engine that does not start reports the reason and leaves nothing behind', async () => {
  const error = await startEngine({ ...defaultEngine, name: 'faulty', config: { 'no-such-key': 1 } }).catch(String)
  expect(error).toContain('no-such-key')
  expect(existsSync(`${process.env['SLIPWAY_WORLD']}/faulty`)).toBe(false)
})

test('if one engine of a world does not start, the world’s other engine is removed', async () => {
  const starting = startWorld({
    engines: [
      { ...defaultEngine, name: 'normal' },
      { ...defaultEngine, name: 'ill', config: { 'no-such-key': 1 } },
    ],
  })
  await expect(starting).rejects.toThrow('no-such-key')
  expect(existsSync(`${process.env['SLIPWAY_WORLD']}/normal`)).toBe(false)
})

describe('a world that runs in its own process', () => {
  test('it ends when its standard input closes, and leaves nothing behind', async () => {
    const { child, folder, ended } = await spawnWorld('demo')
    child.stdin.end()
    await ended
    expect(child.exitCode).toBe(0)
    expect(existsSync(folder)).toBe(false)
    expect(findControlGroups(folder)).toEqual([])
  })

  test('it ends on SIGTERM', async () => {
    const { child, folder, ended } = await spawnWorld('empty')
    child.kill('SIGTERM')
    await ended
    expect(child.exitCode).toBe(0)
    expect(existsSync(folder)).toBe(false)
  })

  test('it ends when its command is killed', async () => {
    const { listPids, folder, ended } = await spawnWorld('empty')
    const isCommand = (pid: string) => /^\S*node\0.*main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    process.kill(Number(listPids().find(isCommand)), 'SIGKILL')
    await ended
    expect(existsSync(folder)).toBe(false)
    expect(findControlGroups(folder)).toEqual([])
  })

  test('it ends when its parent process is killed, and the next world removes its folder', async () => {
    const { child, folder, ended } = await spawnWorld('demo')
    child.kill('SIGKILL')
    await ended
    expect(existsSync(folder)).toBe(true)
    execFileSync('tools/world/inside.sh', ['true'])
    expect(existsSync(folder)).toBe(false)
    expect(findControlGroups(folder)).toEqual([])
  })
})

/** Starts a world inside this one, in the same way as outside of a world. */
async function spawnWorld(content: 'demo' | 'empty') {
  const { SLIPWAY_WORLD: _, ...env } = process.env
  const child = spawn(process.execPath, ['tools/world/main.ts', content], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const [socket] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const folder = socket.replace(/\/demo\/.*/, '')
  /** Pids of the processes whose environment contains the world's folder. */
  const listPids = () =>
    readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && readEnvironment(pid).includes(`SLIPWAY_WORLD=${folder}\0`),
    )
  // At least five: unshare, the shell, its command, dockerd and containerd.
  await waitUntil(() => listPids().length >= 5)
  const ended = Promise.all([once(child, 'exit'), waitUntil(() => listPids().length === 0)])
  return { child, folder, listPids, ended }
}

/** @returns an empty string if the process has ended */
const readEnvironment = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return ''
  }
}

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 200) throw new Error(`did not become true within 10 s: ${condition.toString()}`)
    await sleep(50)
  }
}

/** @returns the cgroups named after the engine, or after the world's folder */
function findControlGroups(path: string): string[] {
  const name = path.split('/').at(-1)!
  return execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', name], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
}
