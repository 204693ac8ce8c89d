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
const start = async (engineOptions: EngineOptions) => {
  const engine = await startEngine(engineOptions)
  engines.push(engine)
  return engine
}
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
})

const docker = (engine: Engine, ...args: string[]) =>
  execFileSync(`${engine.programs}/docker`, args, {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
  })

const ended = (pid: number) => !existsSync(`/proc/${pid}`)

describe.each(matrix)('$title', (engineOptions) => {
  test('starts, holds the demo, runs its containers, and leaves nothing', async () => {
    const engine = await start({ ...engineOptions, network: true })
    await fillWithDemo(engine.docker, { network: true, scale: 0.01 })

    const images = docker(engine, 'images', '--format', '{{.Repository}}:{{.Tag}}').trim().split('\n')
    expect(images.filter((name) => name !== '<none>:<none>').sort()).toEqual(
      demoImages()
        .flatMap((image) => image.references)
        .sort(),
    )
    expect(images.filter((name) => name === '<none>:<none>')).toHaveLength(2)
    expect(docker(engine, 'run', '--rm', 'hello-world')).toContain('Hello from Docker!')
    expect(docker(engine, 'run', '--rm', 'ubuntu:12.04', '/bin/bash', '-c', 'cat /etc/os-release')).toContain('12.04.5')
    const running = docker(engine, 'ps', '--format', '{{.Names}} {{.Ports}}')
    expect(running).toContain('web 0.0.0.0:80->80/tcp')
    expect(running).toContain('cache')
    expect(
      docker(engine, 'ps', '-a', '--filter', 'status=exited', '--format', '{{.Names}}').split('\n').sort(),
    ).toEqual(['', 'index-nightly', 'shop-db'])

    const containers = (await engine.docker.listContainers()).map(({ Id }) => engine.docker.getContainer(Id))
    const pids = [engine.pid, ...(await Promise.all(containers.map(async (each) => (await each.inspect()).State.Pid)))]
    docker(engine, 'pause', 'cache')
    await engine.stop()
    await until(() => pids.every(ended))
    expect(mountsUnder(engine.root)).toEqual([])
    expect(existsSync(engine.root)).toBe(false)
    expect(controlGroups(engine.name)).toEqual([])
    expect(execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' })).not.toMatch(/veth|slipway/)
  })

  test('loads what is awkward, and many at once', async () => {
    const engine = await start(engineOptions)
    const images = [...awkwardImages(), ...manyImages(40, { layers: 5 })]
    await loadImages(engine.docker, images)
    expect(await engine.docker.listImages()).toHaveLength(images.length)
  })

  test('comes back after a crash, and after an orderly end', async () => {
    const engine = await start(engineOptions)
    await loadImages(engine.docker, demoImages().slice(0, 1))
    const first = engine.pid
    await engine.kill()
    expect(engine.running).toBe(false)
    await engine.restart()
    expect(engine.pid).not.toBe(first)
    await engine.shutDown()
    expect(engine.running).toBe(false)
    await engine.restart()
    expect(await engine.docker.listImages()).toHaveLength(1)
  })

  test('hangs when told to', async () => {
    const engine = await start(engineOptions)
    await engine.freeze()
    const answer = engine.docker.ping().then(() => 'answered')
    expect(await Promise.race([answer, sleep(300, 'silent')])).toBe('silent')
    engine.thaw()
    expect(await answer).toBe('answered')
  })
})

const any = { version: '26.1', store: 'classic' } as const

test('equal steps are one layer, so an image shares what it is built on', async () => {
  const engine = await start(any)
  await loadImages(engine.docker, demoImages({ scale: 0.01 }))
  const layers = async (name: string) => (await engine.docker.getImage(name).inspect()).RootFS.Layers ?? []
  const [slim, nginx, old] = await Promise.all(['debian:bookworm-slim', 'nginx:1.27', 'nginx:1.25'].map(layers))
  expect(nginx!.slice(0, slim!.length)).toEqual(slim)
  expect(old!.slice(0, slim!.length)).toEqual(slim)
  expect(nginx!.at(-1)).toBe(old!.at(-1))
})

test('an engine that does not start says why, and leaves nothing', async () => {
  const error = await startEngine({ ...any, name: 'faulty', config: { 'no-such-key': 1 } }).catch(String)
  expect(error).toContain('no-such-key')
  expect(existsSync(`${process.env['SLIPWAY_WORLD']}/faulty`)).toBe(false)
})

test('a world whose parts do not all start is not left half', async () => {
  const half = startWorld({
    engines: [
      { ...any, name: 'well' },
      { ...any, name: 'ill', config: { 'no-such-key': 1 } },
    ],
  })
  await expect(half).rejects.toThrow('no-such-key')
  expect(existsSync(`${process.env['SLIPWAY_WORLD']}/well`)).toBe(false)
})

describe('a world of its own', () => {
  test('ends with its input, and leaves nothing', async () => {
    const { child, folder, over } = await keptWorld('demo')
    child.stdin.end()
    await over
    expect(child.exitCode).toBe(0)
    expect(existsSync(folder)).toBe(false)
    expect(controlGroups(folder)).toEqual([])
  })

  test('ends when it is told to', async () => {
    const { child, folder, over } = await keptWorld('empty')
    child.kill('SIGTERM')
    await over
    expect(child.exitCode).toBe(0)
    expect(existsSync(folder)).toBe(false)
  })

  test('ends when what runs in it is killed', async () => {
    const { members, folder, over } = await keptWorld('empty')
    const runner = members().find((pid) => /^\S*node\0.*main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')))
    process.kill(Number(runner), 'SIGKILL')
    await over
    expect(existsSync(folder)).toBe(false)
    expect(controlGroups(folder)).toEqual([])
  })

  test('ends when its keeper is killed, and the next world removes its folder', async () => {
    const { child, folder, over } = await keptWorld('demo')
    child.kill('SIGKILL')
    await over
    expect(existsSync(folder)).toBe(true)
    execFileSync('tools/world/inside.sh', ['true'])
    expect(existsSync(folder)).toBe(false)
    expect(controlGroups(folder)).toEqual([])
  })
})

/** A world within this one, as a starter on the machine would have it. */
async function keptWorld(content: 'demo' | 'empty') {
  const { SLIPWAY_WORLD: _, ...env } = process.env
  const child = spawn(process.execPath, ['tools/world/main.ts', content], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const [socket] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const folder = socket.replace(/\/demo\/.*/, '')
  const members = () =>
    readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environment(pid).includes(`SLIPWAY_WORLD=${folder}\0`))
  // unshare, the shell, its command, dockerd and containerd.
  await until(() => members().length >= 5)
  const over = Promise.all([once(child, 'exit'), until(() => members().length === 0)])
  return { child, folder, members, over }
}

const environment = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return ''
  }
}

async function until(reached: () => boolean): Promise<void> {
  for (let tries = 0; !reached(); tries++) {
    if (tries > 200) throw new Error('does not come about')
    await sleep(50)
  }
}

function controlGroups(path: string): string[] {
  const name = path.split('/').at(-1)!
  return execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', name], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
}
