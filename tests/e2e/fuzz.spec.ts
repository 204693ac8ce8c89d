/**
 * A window that was taken over: 10,000 calls from the contract's schemas and against them, in the app's own page. The
 * user answers every question with No. `./dev fuzz [SECONDS] [SEED]` runs it for longer, and with other calls.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { helperFile } from '../../main/daemon-config/helper.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { failureExamples } from '../../tools/scenes/failure-examples.ts'
import { systemPaths } from '../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { installHelperInWorld, replacePkexec } from '../../tools/world/polkit.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import { hostileCalls, type HostileCall, type Sequence } from './fuzz/calls.ts'
import { quote } from './fuzz/values.ts'
import { dangerousContainers, fingerprint, watchMain, type Usage } from './fuzz/watch.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

const copiesFolder = join(homedir(), 'Slipway')
const seed = Number(process.env['SLIPWAY_FUZZ_SEED'] ?? 20_261_130)
const seconds = Number(process.env['SLIPWAY_FUZZ_SECONDS'] ?? 0)
const minCalls = seconds > 0 ? 0 : 10_000
const callsPerRound = 2500
const sequencesAtOnce = 60
/** 60 sequences are about 72 calls: below the 500 a second that main serves, with room for the page's own calls. */
const paceMs = 220

const test = base.extend<object, { installed: Engine }>({
  installed: [
    async ({ dockerHub }, use) => {
      const uninstall = installHelperInWorld()
      // As it ends if the user dismisses its dialog.
      const restorePkexec = replacePkexec('exit 126')
      const { config, env } = dockerHub.engine
      const options = { version: '26.1', store: 'classic', asInstalled: true, network: true } as const
      const engine = await startEngine({ ...options, ...(config && { config }), ...(env && { env }) })
      try {
        await use(engine)
      } finally {
        await engine.stop()
        restorePkexec()
        uninstall()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

test('10,000 hostile calls are refused or served, and change nothing that the user has not allowed', async ({
  open,
  installed: { docker },
  dockerHub,
}) => {
  test.setTimeout(300_000 + seconds * 2000)
  await fillEngine(docker)
  const app = await open({ socket: systemPaths.socket, env: dockerHub.hub.env })
  await expect(app.row('scratch', '1')).toBeVisible()
  const main = await watchMain(app)
  await app.page.evaluate(readFileSync(join(import.meta.dirname, 'fuzz/page.js'), 'utf8'))
  await app.page.evaluate(`box = ${JSON.stringify((await docker.getImage('box:1').inspect()).Id)}`)
  const folders = ['/etc', '/usr/lib/slipway', homedir()]
  const filesBefore = fingerprint(folders, [copiesFolder])

  const fuzz = fuzzer(app)
  const end = Date.now() + seconds * 1000
  let usageBefore: Usage | undefined
  for (let round = 0; fuzz.made() < minCalls || Date.now() < end; round++) {
    await fuzz.round(hostileCalls(seed + round, callsPerRound))
    expect(await dangerousContainers(docker), fuzz.lastCalls()).toEqual([])
    await fillEngine(docker)
    // By then, the caches are full.
    if (round === 0) usageBefore = await main.usage()
  }
  await fuzz.flood(hostileCalls(seed - 1, 1000))
  const usageAfter = await main.usage()
  const { questions, opened, started } = await main.end()
  if (seconds > 0) console.log(fuzz.summary(), { questions, usageBefore, usageAfter })

  await expect
    .poll(() => app.page.evaluate(`slipway.call('engine.state')`), { timeout: 10_000 })
    .toMatchObject({ value: { status: 'connected' } })
  expect(await dangerousContainers(docker), fuzz.lastCalls()).toEqual([])
  expect(fingerprint(folders, [copiesFolder])).toEqual(filesBefore)
  expect(opened.filter((address) => !isOwnAddress(address))).toEqual([])
  expect(started.filter((command) => !expectedCommands.includes(command))).toEqual([])
  expect(main.errors).toEqual([])
  expect(usageAfter.heapBytes).toBeLessThan((usageBefore?.heapBytes ?? 0) * 2)
  expect(usageAfter.openFiles).toBeLessThan((usageBefore?.openFiles ?? 0) + 200)
  // The calls have reached what they are to attack.
  expect(questions).toBeGreaterThan(50)
  for (const reached of ['mount-declined', 'helper-dismissed', 'busy']) expect(fuzz.summary()).toHaveProperty(reached)
})

/** The engine's file, the copies, and the page of a container on this computer. */
const isOwnAddress = (address: string) =>
  [systemPaths.config, copiesFolder].includes(address) || /^http:\/\/(127\.0\.0\.1|localhost):\d+$/.test(address)
const expectedCommands = [`/usr/bin/pkexec --disable-internal-agent ${helperFile}`, 'dockerd --version']
const codes = Object.keys(failureExamples) as Failure['code'][]

/** Makes calls in the page, and fails at the first wrong answer. */
function fuzzer({ page }: Slipway) {
  const made: HostileCall[] = []
  const outcomes = new Map<string, number>()
  const text = ({ name, input }: HostileCall) => `slipway.call(${name}, ${input})`
  const lastCalls = () =>
    [`Seed ${seed}, call ${made.length}. The last calls:`, ...made.slice(-20).map(text)].join('\n')

  async function run(sequences: readonly Sequence[], pace: { paceMs: number; waitMs: number }) {
    const sources = sequences.map((calls) => {
      const thunks = calls.map((call) => {
        made.push(call)
        return `{ index: ${made.length - 1}, name: () => (${call.name}), input: () => (${call.input}) }`
      })
      return `[${thunks.join(', ')}]`
    })
    await page.evaluate(`fuzz.run([${sources.join(',\n')}], ${JSON.stringify(codes)}, ${JSON.stringify(pace)})`)
  }

  /** Judges the answers since the last time. @returns the calls without an answer */
  async function judge() {
    const fetched = await page.evaluate<{ outcomes: [number, string][]; unanswered: number[] }>('fuzz.fetch()')
    const wrong: string[] = []
    for (const [index, outcome] of fetched.outcomes) {
      const call = made[index]!
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (!isAcceptable(outcome)) wrong.push(`${text(call).slice(0, 2000)}\n  ${outcome}`)
    }
    expect(wrong, lastCalls()).toEqual([])
    return fetched.unanswered.map((index) => text(made[index]!).slice(0, 300))
  }

  async function settle() {
    await expect.poll(() => page.evaluate('fuzz.end()'), { timeout: 60_000, message: lastCalls() }).toEqual([])
    await expect.poll(judge, { timeout: 60_000, message: 'calls without an answer' }).toEqual([])
  }

  return {
    made: () => made.length,
    lastCalls,
    summary: () => Object.fromEntries([...outcomes].toSorted()),
    async round(sequences: readonly Sequence[]) {
      for (let from = 0; from < sequences.length; from += sequencesAtOnce) {
        await run(sequences.slice(from, from + sequencesAtOnce), { paceMs, waitMs: 400 })
        await judge()
      }
      await settle()
    },
    /** Makes the calls among more than main serves. */
    async flood(sequences: readonly Sequence[]) {
      const many = Array.from({ length: 15_000 }, () => [{ name: quote('removal.undo'), input: quote('x') }])
      await run([...many, ...sequences], { paceMs: 0, waitMs: 30_000 })
      await settle()
    },
  }
}

/** `internal` is an error that nobody has thought of. A call whose input cannot leave the page does not reach main. */
const isAcceptable = (outcome: string) =>
  outcome === 'ok' ||
  (codes.some((code) => code === outcome) && outcome !== 'internal') ||
  /^rejected: .*(no such call|could not be cloned|getter|trap|call stack|primitive value)/.test(outcome)

/** Images, and a running, a published and an ended container; none of those that the calls have made. */
async function fillEngine(docker: Docker) {
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true, v: true })
  await loadImages(docker, runnableImages())
  const PortBindings = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] }
  for (const options of [
    { name: 'one', Image: 'box:1', Cmd: ['sh'], Tty: true, OpenStdin: true },
    { name: 'served', Image: 'web:1', ExposedPorts: { '80/tcp': {} }, HostConfig: { PortBindings } },
    { name: 'ended', Image: 'ends-at-once:1' },
  ])
    await (await docker.createContainer(options)).start()
}
