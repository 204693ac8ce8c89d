import { expect, test, vi } from 'vitest'
import type { SearchAnswer } from '../../../preload/contract/index.ts'
import { breaks, engineTells, hangs, hostTells, hubTells, says, searchWorld } from './search-world.ts'

const names = (answer: SearchAnswer | undefined) => answer?.images.map(({ repository }) => repository)
const settled = (told: readonly SearchAnswer[]) => vi.waitFor(() => expect(told.at(-1)?.pending).toBe(false))

test('the catalogue answers first, then Docker Hub replaces it; no other source is asked', async () => {
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
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ words: 'nginx', source: { kind: 'hub' }, failed: [], pending: false })
  expect(names(told[0])).toEqual(['nginx', 'redis', 'team/nginx'])
  expect(told[0]!.images.map(({ official, known }) => official && known !== undefined)).toEqual([true, true, false])
  expect([host.asked, engine.asked]).toEqual([[], []])
})

test('empty text, one letter, and a name with a tag or a registry are sent to no source', async () => {
  const { search, hub, told } = await searchWorld({ hub: hubTells('x') })
  for (const words of ['', ' ', 'n', 'nginx:1', 'ghcr.io/a/b', 'localhost/x', 'host:5000/x'])
    expect(await search(words)).toMatchObject({ words, pending: false })
  expect(told).toEqual([])
  // A search that does go out shows that none was still on its way.
  await search('nginx')
  await settled(told)
  expect(hub.asked).toEqual(['nginx'])
})

test('thirty keystrokes with pauses: each source gets one request at a time, and no stale answer is published', async () => {
  const slowly =
    (answer: ReturnType<typeof hubTells>): typeof answer =>
    (...all) =>
      void setTimeout(() => answer(...all), 60)
  const world = await searchWorld({
    hub: slowly(breaks),
    host: slowly(hostTells('from/host')),
    engine: slowly(engineTells('from/engine')),
    times: { debounce: 5, headStart: 5 },
  })
  const text = 'the quick brown fox jumps over'
  const sources = [world.hub, world.host, world.engine]
  const asked = (words: string) =>
    vi.waitFor(() => expect(sources.map((source) => source.asked.at(-1))).toEqual([words, words, words]))
  const answered = (words: string) =>
    vi.waitFor(() => expect(world.told.at(-1)).toMatchObject({ words, pending: false }))
  let stale = 0
  for (let at = 1; at <= text.length; at++) {
    const words = text.slice(0, at)
    const before = world.told.length
    await world.search(words)
    // Some pauses are long enough for a request, few for its answer.
    if (at % 6 === 0) await asked(words)
    if (at % 12 === 0) await answered(words)
    stale += world.told.slice(before).filter((answer) => answer.words !== words).length
  }
  const last = { words: text, source: { kind: 'host' }, pending: false }
  await vi.waitFor(() => expect(world.told.at(-1)).toMatchObject(last))
  expect(stale).toBe(0)
  for (const source of sources) {
    expect(source.asked.length).toBeGreaterThanOrEqual(5)
    expect(source.asked.at(-1)).toBe(text)
    expect(source.most()).toBe(1)
  }
})

test('a newer search aborts requests that hang', async () => {
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

test('fast typing sends one request, for the final text', async () => {
  const { search, told, hub } = await searchWorld({ hub: hubTells('x/y'), times: { debounce: 60 } })
  for (let at = 1; at <= 30; at++) await search('x'.repeat(at))
  await settled(told)
  expect(hub.asked).toEqual(['x'.repeat(30)])
})

test('another source answers for one that hangs, which is reported as slow and aborted', async () => {
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

test('if the first source fails, the others are asked at once, and a better answer replaces a worse one', async () => {
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

test('an engine with API 1.45 does not say whether an image is automated', async () => {
  const { search, told } = await searchWorld({ engine: engineTells('from/engine'), api: '1.45' })
  await search('word')
  await settled(told)
  expect(told.at(-1)!.images[0]).not.toHaveProperty('automated')
})

test('if every source fails, the catalogue’s answer stays, with the failure of each source', async () => {
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

test('without an engine the other sources are still asked', async () => {
  const { search, told } = await searchWorld({ host: hostTells('from/host') })
  await search('word')
  await settled(told)
  expect(names(told.at(-1))).toEqual(['from/host'])
})

test('an empty answer replaces the catalogue’s only if that is empty too', async () => {
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
