import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { homeWith } from '../home.ts'
import { eventually, freshList, serve } from '../engine-window.ts'

let red: Engine
let blue: Engine
let served: ReturnType<typeof serve>
const environment = () =>
  homeWith({
    red: { host: `unix://${red.socket}` },
    blue: { host: `unix://${blue.socket}` },
    nobody: { host: `unix://${red.socket}.not` },
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

const at = (name: string, status = 'connected') => {
  const state = served.states.at(-1)
  return state?.status === status && state.context?.name === name
}
const reads = async (engine: Engine) => {
  await eventually(() => served.window.complete)
  expect(served.window.shown).toEqual(await freshList(engine))
}

test('switching shows the other engine, and nothing of the first one any more', async () => {
  served = serve(environment())
  await eventually(() => at('red'))
  await reads(red)
  const reds = new Set(served.window.images.keys())

  const shown: string[] = []
  served.window.drawn = () => shown.push(...served.window.images.keys())
  expect(served.calls['engine.switch']('blue')).toEqual({ ok: true, value: undefined })
  expect(served.states.at(-1)).toEqual({
    status: 'connecting',
    context: { name: 'blue', endpoint: `unix://${blue.socket}`, local: true },
  })
  expect(served.window.images.size).toBe(0)
  await eventually(() => at('blue'))
  await reads(blue)
  await red.docker.getImage([...reds][0]!).tag({ repo: 'of-red', tag: '1' })
  await blue.docker.getImage([...served.window.images.keys()][0]!).tag({ repo: 'of-blue', tag: '1' })
  await eventually(() => JSON.stringify([...served.window.images.values()]).includes('of-blue'))
  await reads(blue)
  expect(shown.filter((id) => reds.has(id))).toEqual([])
})

test('however quickly the user switches back and forth, the last choice wins', async () => {
  served = serve(environment())
  const [ofRed, ofBlue] = [await freshList(red), await freshList(blue)]
  const reds = new Set(ofRed.images.map(({ id }) => id))
  let current = 'red'
  const wrong: string[] = []
  served.window.drawn = () => {
    for (const id of served.window.images.keys()) if (reds.has(id) !== (current === 'red')) wrong.push(id)
  }
  // From nothing at all to a list that is just being read.
  for (let round = 0; round < 40; round++) {
    current = ['red', 'blue', 'nobody'][round % 3]!
    expect(served.calls['engine.switch'](current)).toMatchObject({ ok: true })
    await delay(round * 3)
  }
  current = 'blue'
  served.calls['engine.switch']('red')
  served.calls['engine.switch']('blue')
  await eventually(() => at('blue') && served.window.complete)
  expect(served.window.shown).toEqual(ofBlue)
  // Whatever an abandoned switch still does is done by the time a later change arrives.
  await blue.docker.getImage(ofBlue.images[0]!.id).tag({ repo: 'after-switches', tag: '1' })
  await eventually(() => JSON.stringify([...served.window.images.values()]).includes('after-switches'))
  await reads(blue)
  expect(wrong).toEqual([])
})

test('a switch away from an engine that hangs does not wait for it', async () => {
  served = serve(environment())
  await eventually(() => at('red'))
  served.calls['engine.switch']('blue')
  await eventually(() => at('blue') && served.window.complete)
  await red.freeze()
  try {
    served.calls['engine.switch']('red')
    await eventually(() => at('red', 'connecting'))
    served.calls['engine.switch']('blue')
    await eventually(() => at('blue') && served.window.complete)
  } finally {
    red.thaw()
  }
})

test('a context whose engine does not answer is not replaced by another, and connects once it answers', async () => {
  served = serve(environment())
  await eventually(() => at('red'))
  const before = served.states.length - 1
  served.calls['engine.switch']('nobody')
  await eventually(() => at('nobody', 'away'))
  expect(served.states.at(-1)).toMatchObject({ failure: { code: 'engine-not-found' } })
  symlinkSync(red.socket, `${red.socket}.not`)
  try {
    await eventually(() => at('nobody'))
  } finally {
    rmSync(`${red.socket}.not`)
  }
  const left = served.states.findLastIndex(({ context }) => context?.name === 'red')
  expect(new Set(served.states.slice(left + 1).map(({ context }) => context?.name))).toEqual(new Set(['nobody']))
  expect(left).toBe(before)
})

test('contexts are listed with the current one, an unknown one is refused, and Docker’s own files are not changed', async () => {
  const around = environment()
  served = serve(around)
  await eventually(() => at('red'))
  const config = join(around.home, '.docker/config.json')
  const before = readFileSync(config, 'utf8')
  const current = async () => {
    const answer = await served.calls['engine.contexts'](undefined)
    return answer.ok && answer.value.map(({ name, current }) => `${name}${current ? ' *' : ''}`)
  }
  expect(await current()).toEqual(['default', 'blue', 'nobody', 'red *'])
  expect(served.calls['engine.switch']('lost')).toEqual({
    ok: false,
    error: { code: 'context-unknown', context: 'lost' },
  })
  expect(at('red')).toBe(true)
  served.calls['engine.switch']('blue')
  expect(await current()).toEqual(['default', 'blue *', 'nobody', 'red'])
  await eventually(() => at('blue'))
  expect(readFileSync(config, 'utf8')).toBe(before)
})
