import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restartPolicies, type RunOptions } from '../../../model/run/run.ts'
import { runCommand } from '../../../model/run/command.ts'
import { validateRunOptions } from '../../../model/run/faults.ts'
import { shellQuote } from '../../../model/text/shell.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { openRunner, type Runner } from './runner.ts'

const run = promisify(execFile)

/** Texts that a shell, a comma-separated list or Docker could misread. */
const awkwardText = fc.string({
  unit: fc.constantFrom(...`abc xyz'"\\$\`,:;=-*?#~&|<>(){}[]!%@/.`, '文', '\n', '😀', '\u202e', '\u001b'),
  maxLength: 12,
})
const awkwardLine = awkwardText.map((text) => text.replaceAll('\n', ' '))
const path = fc
  .array(
    awkwardLine.map((text) => text.replaceAll('/', '').trim()).filter((text) => text !== '' && !/^\.+$/.test(text)),
    {
      minLength: 1,
      maxLength: 2,
    },
  )
  .map((parts) => parts.join('/'))
const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,10}$/)
const variable = fc.record({ name: fc.stringMatching(/^[A-Za-z_.-][A-Za-z0-9_.-]{0,6}$/), value: awkwardText })
const port = fc.record({
  host: fc.constantFrom('127.0.0.1:', '', '[::1]:', '127.0.0.1:18080', '18081', '[::1]:18082', '127.0.0.2:18083'),
  container: fc.constantFrom('80', '80/tcp', '53/udp', '9000/TCP'),
})

/** Random options of a run. Host folders of volumes are in the folder `root`. */
const randomRunOptions = (root: string) =>
  fc.record({
    interactive: fc.boolean(),
    command: fc.array(awkwardText).map((words) => ['hold', ...words].map(shellQuote).join(' ')),
    ports: fc.array(port, { maxLength: 3 }),
    removeAtEnd: fc.boolean(),
    volumes: fc.array(
      fc.record({
        source: fc.oneof(
          fc.constant(''),
          name,
          path.map((folder) => join(root, folder)),
        ),
        target: path.map((folder) => `/m/${folder}`),
        readOnly: fc.boolean(),
        selinuxLabel: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    environment: fc.uniqueArray(variable, { maxLength: 3, selector: ({ name }) => name }),
    network: fc.constantFrom('', '', 'none', 'host', 'shop'),
    restart: fc.constantFrom(...restartPolicies),
    memory: fc.constantFrom('', '64m', '0.5g', '100 MB', '67108864'),
    cpus: fc.constantFrom('', '1', '.5', '1.25'),
    user: fc.constantFrom('', 'root', 'nobody', '0:0', '1000'),
    workdir: fc.oneof(
      fc.constant(''),
      path.map((folder) => `/w/${folder}`),
    ),
  })

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let runner: Runner
  let root: string

  beforeAll(async () => {
    engine = await startEngine({ ...engineOptions, network: true })
    await loadImages(engine.docker, runnableImages())
    await engine.docker.createNetwork({
      Name: 'shop',
      Options: { 'com.docker.network.bridge.name': `shop${engine.pid}` },
    })
    runner = await openRunner(engine)
    root = join(engine.root, 'folders')
    mkdirSync(root)
  })
  afterAll(async () => {
    await runner?.stop()
    await engine?.stop()
  })

  /** Runs a command in a terminal, which `docker run -it` needs, and waits until the container runs. */
  async function runInShell(command: string, name: string) {
    const env = {
      ...process.env,
      DOCKER_HOST: `unix://${engine.socket}`,
      // `script` runs the command in this shell. dash cannot read `$'…'`.
      SHELL: '/bin/bash',
      PATH: `${engine.programs}:${process.env['PATH']}`,
    }
    const shell = run('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env })
    shell.catch(() => undefined)
    await Promise.race([
      shell,
      eventually(async () => (await state(name).catch(() => undefined))?.Running === true, 20_000),
    ])
    if (!(await state(name).catch(() => undefined))?.Running) throw new Error(`${command}: ${(await shell).stdout}`)
    return { waitForEnd: () => shell.catch(() => undefined) }
  }
  const state = async (name: string) => (await engine.docker.getContainer(name).inspect()).State
  const removeContainer = (name: string) =>
    eventually(async () => {
      await engine.docker
        .getContainer(name)
        .remove({ force: true, v: true })
        .catch(() => undefined)
      return (await state(name).catch(() => undefined)) === undefined
    })
  const inspectContainer = async (name: string) => toComparable(await engine.docker.getContainer(name).inspect())

  test('the command that the dialog shows creates the same container as the app, for any valid options', async () => {
    await fc.assert(
      fc.asyncProperty(randomRunOptions(root), async (random) => {
        const options: RunOptions = { image: runner.imageOf('box:1'), reference: 'box:1', name: 'same', ...random }
        fc.pre(validateRunOptions(options, []).length === 0)
        for (const { source } of options.volumes) if (source.startsWith('/')) mkdirSync(source, { recursive: true })
        await runner.start('box:1', options)
        const fromApp = await inspectContainer('same')
        await removeContainer('same')
        const shell = await runInShell(runCommand(options), 'same')
        const fromCommand = await inspectContainer('same')
        await removeContainer('same')
        await shell.waitForEnd()
        expect(fromApp).toEqual(fromCommand)
      }),
      { numRuns: Number(process.env['RUNS'] ?? 12), endOnFailure: true },
    )
  }, 600_000)
})

/**
 * Removes the fields that differ between any two containers, and unset values, which engines write in different ways.
 */
function toComparable({ Config, HostConfig, Mounts, NetworkSettings, Path, Args }: Docker.ContainerInspectInfo) {
  const mounts = Mounts.map(({ Name, Source, ...mount }) =>
    /^[0-9a-f]{64}$/.test(Name ?? '') ? mount : { ...mount, Name, Source },
  )
  return withoutIgnoredValues({
    ...{ Path, Args },
    // The Docker CLI 28 sends the environment variables in another order.
    Config: { ...Config, Env: Config.Env.toSorted() },
    HostConfig: { ...HostConfig, Binds: HostConfig.Binds?.toSorted() },
    Mounts: mounts.toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1)),
    Ports: Object.entries(NetworkSettings.Ports).map(([port, to]) => [port, to?.toSorted(byAddress)]),
    Networks: NetworkSettings.Networks,
  })
}

const byAddress = (a: { HostIp: string }, b: { HostIp: string }) => (a.HostIp < b.HostIp ? -1 : 1)

/** Keys whose values may differ between two equal containers. */
const ignoredKeys = new Set(
  'Hostname ConsoleSize EndpointID NetworkID IPAddress GlobalIPv6Address MacAddress Aliases DNSNames'.split(' '),
)

function withoutIgnoredValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIgnoredValues)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const innerValue = withoutIgnoredValues(inner)
      const isUnset = !innerValue || (typeof innerValue === 'object' && Object.keys(innerValue).length === 0)
      const isRandomPort = key === 'HostPort' && Number(innerValue) >= 32_768
      return isUnset || isRandomPort || ignoredKeys.has(key) ? [] : [[key, innerValue]]
    }),
  )
}
