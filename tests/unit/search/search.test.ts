import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import type { SearchAnswer } from '../../../preload/contract/index.ts'
import { breaks, engineTells, hangs, hostTells, hubTells, says, searchWorld } from './search-world.ts'

const names = (answer: SearchAnswer | undefined) => answer?.images.map(({ repository }) => repository)
const settled = (told: readonly SearchAnswer[]) => vi.waitFor(() => expect(told.at(-1)?.pending).toBe(false))

test('the catalogue answers at once, and Docker Hub takes its place; nobody else is asked', async () => {
  const { search, told, host, engine } = await searchWorld({
    hub: hubTells('nginx', 'library/redis', 'team/nginx'),
    host: hostTells('x'),
    engine: engineTells('y'),
    times: { headStart: 5_000 },
  })
  const first = await search('nginx')
  expect(first).toMatchObject({ words: 'nginx', source: { kind: 'catalogue' }, pending: true, failed: [] })
  expect(first.images[0]).toMatchObject({ repository: 'nginx', official: true })
  await settled(told)
  await delay(100)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ words: 'nginx', source: { kind: 'hub' }, failed: [], pending: false })
  expect(names(told[0])).toEqual(['nginx', 'redis', 'team/nginx'])
  expect(told[0]!.images.map(({ official, known }) => official && known !== undefined)).toEqual([true, true, false])
  expect([host.asked, engine.asked]).toEqual([[], []])
})

test('nothing typed, one letter, or the name of a registry is asked of nobody', async () => {
  const { search, hub, told } = await searchWorld({ hub: hubTells('x') })
  for (const words of ['', ' ', 'n', 'nginx:1', 'ghcr.io/a/b', 'localhost/x', 'host:5000/x'])
    expect(await search(words)).toMatchObject({ words, pending: false })
  await delay(50)
  expect([hub.asked, told]).toEqual([[], []])
})

test('thirty keystrokes with rests between them: one question of a source at a time, and nothing stale', async () => {
  const slowly =
    (answer: ReturnType<typeof hubTells>): typeof answer =>
    (...all) =>
      void setTimeout(() => answer(...all), 60)
  const world = await searchWorld({
    hub: slowly(breaks),
    host: slowly(hostTells('from/host')),
    engine: slowly(engineTells('from/engine')),
    times: { rest: 5, headStart: 5 },
  })
  const text = 'the quick brown fox jumps over'
  let stale = 0
  for (let at = 1; at <= text.length; at++) {
    const words = text.slice(0, at)
    const before = world.told.length
    await world.search(words)
    // Some rest long enough for a question, few for its answer.
    await delay([2, 30, 12, 90, 25][at % 5])
    stale += world.told.slice(before).filter((answer) => answer.words !== words).length
  }
  const last = { words: text, source: { kind: 'host' }, pending: false }
  await vi.waitFor(() => expect(world.told.at(-1)).toMatchObject(last))
  expect(stale).toBe(0)
  for (const source of [world.hub, world.host, world.engine]) {
    expect(source.asked.length).toBeGreaterThan(5)
    expect(source.asked.at(-1)).toBe(text)
    expect(source.most()).toBe(1)
  }
})

test('a question that hangs is given up for a newer one, which waits for nothing else', async () => {
  const world = await searchWorld({ hub: hangs, host: hangs, engine: hangs, times: { headStart: 5, source: 30_000 } })
  const sources = [world.hub, world.host, world.engine]
  for (const words of ['first', 'second', 'third']) {
    await world.search(words)
    await vi.waitFor(() => expect(sources.map(({ asked }) => asked.at(-1))).toEqual([words, words, words]))
  }
  expect(sources.map(({ most }) => most())).toEqual([1, 1, 1])
  await world.search('')
  await vi.waitFor(() => expect(sources.map(({ open }) => open())).toEqual([0, 0, 0]))
})

test('fast typing asks for what stands there in the end, once', async () => {
  const { search, told, hub } = await searchWorld({ hub: hubTells('x/y'), times: { rest: 60 } })
  for (let at = 1; at <= 30; at++) await search('x'.repeat(at))
  await settled(told)
  expect(hub.asked).toEqual(['x'.repeat(30)])
})

test('a hung source is outrun, named, and its late word is not waited for', async () => {
  const { search, told, hub } = await searchWorld({ hub: hangs, host: hostTells('from/host'), engine: hangs })
  await search('word')
  await vi.waitFor(() => expect(told).not.toEqual([]))
  expect(told[0]).toMatchObject({ source: { kind: 'host' }, pending: true })
  expect(told[0]!.images[0]).not.toHaveProperty('automated')
  await settled(told)
  expect(told.at(-1)).toMatchObject({
    source: { kind: 'host' },
    failed: [{ source: { kind: 'hub' }, failure: { code: 'registry-slow', host: 'docker.io' } }],
  })
  expect(names(told.at(-1))).toEqual(['from/host'])
  await vi.waitFor(() => expect(hub.open()).toBe(0))
})

test('where the best source fails, the others are asked at once; the worst answers last and changes nothing', async () => {
  const soon = Math.floor(Date.now() / 1000) + 600
  const { search, told, engine } = await searchWorld({
    hub: says(429, '{}', { 'x-retry-after': String(soon) }),
    host: (words, response) => void setTimeout(() => hostTells('from/host')(words, response), 80),
    engine: engineTells('from/engine'),
    times: { headStart: 5_000 },
  })
  await search('word')
  await settled(told)
  expect(told.map(({ source }) => source.kind)).toEqual(['catalogue', 'engine', 'host'])
  expect(told[1]!.images).toMatchObject([{ repository: 'from/engine', stars: 1, automated: false }])
  expect(told[2]!.failed).toMatchObject([{ failure: { code: 'registry-limited', until: soon } }])
  expect(engine.asked).toEqual(['word'])
})

test('a newer engine does not tell what is automated', async () => {
  const { search, told } = await searchWorld({ engine: engineTells('from/engine'), api: '1.45' })
  await search('word')
  await settled(told)
  expect(told.at(-1)!.images[0]).not.toHaveProperty('automated')
})

test('search down everywhere leaves the catalogue’s answer, and says of each source why', async () => {
  const { search, told } = await searchWorld({
    hub: says(200, '<html>', { 'content-type': 'text/html' }),
    host: says(200, '{"results": [{"na'),
    engine: says(500, '{"message":"dial tcp: no route to host"}', { 'content-type': 'application/json' }),
  })
  await search('nginx')
  await settled(told)
  const last = told.at(-1)!
  expect(last.source).toEqual({ kind: 'catalogue' })
  expect(names(last)).toContain('nginx')
  expect(last.failed.map(({ source, failure }) => [source.kind, failure.code]).sort()).toEqual([
    ['engine', 'engine-refused'],
    ['host', 'registry-nonsense'],
    ['hub', 'registry-nonsense'],
  ])
})

test('without an engine the rest goes on', async () => {
  const { search, told } = await searchWorld({ host: hostTells('from/host') })
  await search('word')
  await settled(told)
  expect(names(told.at(-1))).toEqual(['from/host'])
})

test('who finds nothing takes nothing away from the catalogue', async () => {
  const { search, told } = await searchWorld({ hub: hubTells() })
  expect((await search('数据库')).images.length).toBeGreaterThan(3)
  await settled(told)
  expect(told[0]).toMatchObject({ source: { kind: 'catalogue' } })
  await search('nosuchthing')
  await vi.waitFor(() => expect(told.at(-1)!.words).toBe('nosuchthing'))
  expect(told.at(-1)).toMatchObject({ source: { kind: 'hub' }, images: [], pending: false })
})

test('broken entries are left out, and descriptions are one line of text, whatever they hold', async () => {
  const nasty = `<img src=x onerror=alert(1)>\n\n<b>bold</b> \u202eevil\u0007 ${'𝄞'.repeat(600)}`
  const results = [
    { repo_name: 'a/nasty', short_description: nasty, star_count: -3, is_official: true },
    { short_description: 'no name' },
    { repo_name: 'No Name' },
    null,
    { repo_name: 'a/odd', short_description: 7, star_count: 'many' },
    { repo_name: 'a/odd' },
    ...Array.from({ length: 300 }, (_, at) => ({ repo_name: `a/more${at}` })),
  ]
  const { search, told } = await searchWorld({ hub: says(200, JSON.stringify({ results })) })
  await search('word')
  await settled(told)
  const { images } = told[0]!
  expect(images).toHaveLength(100)
  expect(images.slice(0, 3)).toEqual([
    { repository: 'a/nasty', description: expect.stringMatching(/^<img .*> <b>bold<\/b> /), official: false },
    { repository: 'a/odd', description: '', official: false },
    { repository: 'a/more0', description: '', official: false },
  ])
  expect(images[0]!.description.length).toBeLessThanOrEqual(500)
  expect(images[0]!.description.isWellFormed()).toBe(true)
})
