import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { homeWith } from '../home.ts'
import { eventually, readEngineLists, serve } from '../engine-window.ts'

let red: Engine
let blue: Engine
let served: ReturnType<typeof serve>
const environment = () =>
  homeWith({
    red: { host: `unix://${red.socket}` },
    blue: { host: `unix://${blue.socket}` },
    missing: { host: `unix://${red.socket}.missing` },
  })

beforeAll(async () => {
  ;[red, blue] = await Promise.all([
    startEngine({ version: '20.10', store: 'classic' }),
    startEngine({ version: '26.1', store: 'containerd' }),
  ])
  const images = [...manyImages(24)]
  await Promise.all([loadImages(red.docker, images.slice(0, 12)), loadImages(blue.docker, images.slice(12))])
})
afterEach(() => served?.stop())
afterAll(async () => {
  await Promise.all([red, blue].map((engine) => engine?.stop()))
})

/** Whether the window shows this context with this status. */
const isCurrent = (name: string, status = 'connected') => {
  const state = served.states.at(-1)
  return state?.status === status && state.context?.name === name
}
const expectListOf = async (engine: Engine) => {
  await eventually(() => served.window.complete)
  expect(served.window.shown).toEqual(await readEngineLists(engine))
}

test('after a switch the window shows the images of the other engine, and none of the first one', async () => {
  served = serve(environment())
  await eventually(() => isCurrent('red'))
  await expectListOf(red)
  const redIds = new Set(served.window.images.keys())

  const shown: string[] = []
  served.window.onChange = () => shown.push(...served.window.images.keys())
  expect(served.calls['engine.switch']('blue')).toEqual({ ok: true, value: undefined })
  expect(served.states.at(-1)).toEqual({
    status: 'connecting',
    context: { name: 'blue', endpoint: `unix://${blue.socket}`, local: true, kind: { type: 'unknown' } },
  })
  expect(served.window.images.size).toBe(0)
  await eventually(() => isCurrent('blue'))
  await expectListOf(blue)
  await red.docker.getImage([...redIds][0]!).tag({ repo: 'of-red', tag: '1' })
  await blue.docker.getImage([...served.window.images.keys()][0]!).tag({ repo: 'of-blue', tag: '1' })
  await eventually(() => JSON.stringify([...served.window.images.values()]).includes('of-blue'))
  await expectListOf(blue)
  expect(shown.filter((id) => redIds.has(id))).toEqual([])
})

test('if the user switches back and forth quickly, the last choice wins', async () => {
  served = serve(environment())
  const [redList, blueList] = [await readEngineLists(red), await readEngineLists(blue)]
  const redIds = new Set(redList.images.map(({ id }) => id))
  let current = 'red'
  const unexpectedIds: string[] = []
  served.window.onChange = () => {
    for (const id of served.window.images.keys()) if (redIds.has(id) !== (current === 'red')) unexpectedIds.push(id)
  }
  // The pauses grow: the first switches happen before any engine is connected, the last ones while a list is read.
  for (let round = 0; round < 40; round++) {
    current = ['red', 'blue', 'missing'][round % 3]!
    expect(served.calls['engine.switch'](current)).toMatchObject({ ok: true })
    await delay(round * 3)
  }
  current = 'blue'
  served.calls['engine.switch']('red')
  served.calls['engine.switch']('blue')
  await eventually(() => isCurrent('blue') && served.window.complete)
  expect(served.window.shown).toEqual(blueList)
  // An abandoned switch that still had an effect would reach the window before this later change.
  await blue.docker.getImage(blueList.images[0]!.id).tag({ repo: 'after-switches', tag: '1' })
  await eventually(() => JSON.stringify([...served.window.images.values()]).includes('after-switches'))
  await expectListOf(blue)
  expect(unexpectedIds).toEqual([])
})

test('a switch away from an engine that hangs does not wait for that engine', async () => {
  served = serve(environment())
  await eventually(() => isCurrent('red'))
  served.calls['engine.switch']('blue')
  await eventually(() => isCurrent('blue') && served.window.complete)
  await red.freeze()
  try {
    served.calls['engine.switch']('red')
    await eventually(() => isCurrent('red', 'connecting'))
    served.calls['engine.switch']('blue')
    await eventually(() => isCurrent('blue') && served.window.complete)
  } finally {
    red.thaw()
  }
})

test('a context whose engine cannot be reached stays selected, and connects once the engine can be reached', async () => {
  served = serve(environment())
  await eventually(() => isCurrent('red'))
  const lastRedState = served.states.length - 1
  served.calls['engine.switch']('missing')
  await eventually(() => isCurrent('missing', 'away'))
  expect(served.states.at(-1)).toMatchObject({ failure: { code: 'engine-not-found' } })
  symlinkSync(red.socket, `${red.socket}.missing`)
  try {
    await eventually(() => isCurrent('missing'))
  } finally {
    rmSync(`${red.socket}.missing`)
  }
  expect(served.states.findLastIndex(({ context }) => context?.name === 'red')).toBe(lastRedState)
  const later = served.states.slice(lastRedState + 1)
  expect(new Set(later.map(({ context }) => context?.name))).toEqual(new Set(['missing']))
})

test('the list of contexts marks the current one, an unknown context is refused, and Docker’s own files are not changed', async () => {
  const dockerHome = environment()
  served = serve(dockerHome)
  await eventually(() => isCurrent('red'))
  const config = join(dockerHome.home, '.docker/config.json')
  const before = readFileSync(config, 'utf8')
  const listContexts = async () => {
    const result = await served.calls['engine.contexts'](undefined)
    return result.ok && result.value.map(({ name, current }) => `${name}${current ? ' *' : ''}`)
  }
  expect(await listContexts()).toEqual(['default', 'blue', 'missing', 'red *'])
  expect(served.calls['engine.switch']('lost')).toEqual({
    ok: false,
    error: { code: 'context-unknown', context: 'lost' },
  })
  expect(isCurrent('red')).toBe(true)
  served.calls['engine.switch']('blue')
  expect(await listContexts()).toEqual(['default', 'blue *', 'missing', 'red'])
  await eventually(() => isCurrent('blue'))
  expect(readFileSync(config, 'utf8')).toBe(before)
})
