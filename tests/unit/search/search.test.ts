import { expect, test, vi } from 'vitest'
import type { SearchAnswer } from '../../../preload/contract/index.ts'
import {
  disconnect,
  engineResults,
  neverReply,
  hostResults,
  hubResults,
  replyWith,
  startSearch,
} from './fake-sources.ts'

const names = (answer: SearchAnswer | undefined) => answer?.images.map(({ repository }) => repository)
const untilSettled = (published: readonly SearchAnswer[]) =>
  vi.waitFor(() => expect(published.at(-1)?.pending).toBe(false))

test('the catalogue’s results come first, Docker Hub’s replace them, and no other source is asked', async () => {
  const { search, published, host, engine } = await startSearch({
    hub: hubResults('nginx', 'library/redis', 'team/nginx'),
    host: hostResults('x'),
    engine: engineResults('y'),
    times: { headStart: 5_000 },
  })
  const first = await search('nginx')
  expect(first).toMatchObject({ words: 'nginx', source: { kind: 'catalogue' }, pending: true, failed: [] })
  expect(first.images[0]).toMatchObject({ repository: 'nginx', official: true })
  await untilSettled(published)
  expect(published).toHaveLength(1)
  expect(published[0]).toMatchObject({ words: 'nginx', source: { kind: 'hub' }, failed: [], pending: false })
  expect(names(published[0])).toEqual(['nginx', 'redis', 'team/nginx'])
  expect(published[0]!.images.map(({ official, known }) => official && known !== undefined)).toEqual([
    true,
    true,
    false,
  ])
  expect([host.queries, engine.queries]).toEqual([[], []])
})

test('empty text, one letter, and a name with a tag or a registry are sent to no source', async () => {
  const { search, hub, published } = await startSearch({ hub: hubResults('x') })
  for (const words of ['', ' ', 'n', 'nginx:1', 'ghcr.io/a/b', 'localhost/x', 'host:5000/x'])
    expect(await search(words)).toMatchObject({ words, pending: false })
  expect(published).toEqual([])
  // Only this search reaches Docker Hub, so none of the earlier ones was merely delayed.
  await search('nginx')
  await untilSettled(published)
  expect(hub.queries).toEqual(['nginx'])
})

test('thirty keystrokes with pauses send each source one request at a time, and no stale results are published', async () => {
  const delayReply =
    (answer: ReturnType<typeof hubResults>): typeof answer =>
    (...args) =>
      void setTimeout(() => answer(...args), 60)
  const fixture = await startSearch({
    hub: delayReply(disconnect),
    host: delayReply(hostResults('from/host')),
    engine: delayReply(engineResults('from/engine')),
    times: { debounce: 5, headStart: 5 },
  })
  const text = 'the quick brown fox jumps over'
  const sources = [fixture.hub, fixture.host, fixture.engine]
  const untilQueried = (words: string) =>
    vi.waitFor(() => expect(sources.map((source) => source.queries.at(-1))).toEqual([words, words, words]))
  const untilAnswered = (words: string) =>
    vi.waitFor(() => expect(fixture.published.at(-1)).toMatchObject({ words, pending: false }))
  let staleCount = 0
  for (let length = 1; length <= text.length; length++) {
    const words = text.slice(0, length)
    const before = fixture.published.length
    await fixture.search(words)
    // Some pauses are long enough for a request, and a few also for its reply.
    if (length % 6 === 0) await untilQueried(words)
    if (length % 12 === 0) await untilAnswered(words)
    staleCount += fixture.published.slice(before).filter((answer) => answer.words !== words).length
  }
  const last = { words: text, source: { kind: 'host' }, pending: false }
  await vi.waitFor(() => expect(fixture.published.at(-1)).toMatchObject(last))
  expect(staleCount).toBe(0)
  for (const source of sources) {
    expect(source.queries.length).toBeGreaterThanOrEqual(5)
    expect(source.queries.at(-1)).toBe(text)
    expect(source.maxOpenCount()).toBe(1)
  }
})

test('a newer search aborts requests that hang', async () => {
  const fixture = await startSearch({
    hub: neverReply,
    host: neverReply,
    engine: neverReply,
    times: { headStart: 5, source: 30_000 },
  })
  const sources = [fixture.hub, fixture.host, fixture.engine]
  for (const words of ['first', 'second', 'third']) {
    await fixture.search(words)
    await vi.waitFor(() => expect(sources.map(({ queries }) => queries.at(-1))).toEqual([words, words, words]))
  }
  expect(sources.map(({ maxOpenCount }) => maxOpenCount())).toEqual([1, 1, 1])
  await fixture.search('')
  await vi.waitFor(() => expect(sources.map(({ openCount }) => openCount())).toEqual([0, 0, 0]))
})

test('fast typing sends one request, for the final text', async () => {
  const { search, published, hub } = await startSearch({ hub: hubResults('x/y'), times: { debounce: 60 } })
  for (let length = 1; length <= 30; length++) await search('x'.repeat(length))
  await untilSettled(published)
  expect(hub.queries).toEqual(['x'.repeat(30)])
})

test('if Docker Hub and the engine hang, another host answers, and only Docker Hub is reported as slow', async () => {
  const { search, published, hub } = await startSearch({
    hub: neverReply,
    host: hostResults('from/host'),
    engine: neverReply,
  })
  await search('word')
  await vi.waitFor(() => expect(published).not.toEqual([]))
  expect(published[0]).toMatchObject({ source: { kind: 'host' }, pending: true })
  expect(published[0]!.images[0]).not.toHaveProperty('automated')
  await untilSettled(published)
  expect(published.at(-1)).toMatchObject({
    source: { kind: 'host' },
    failed: [{ source: { kind: 'hub' }, failure: { code: 'registry-slow', host: 'docker.io' } }],
  })
  expect(names(published.at(-1))).toEqual(['from/host'])
  await vi.waitFor(() => expect(hub.openCount()).toBe(0))
})

test('if the first source fails, the others are asked at once, and a better answer replaces a worse one', async () => {
  const soon = Math.floor(Date.now() / 1000) + 600
  const { search, published, engine } = await startSearch({
    hub: replyWith(429, '{}', { 'x-retry-after': String(soon) }),
    host: (words, response) => void setTimeout(() => hostResults('from/host')(words, response), 80),
    engine: engineResults('from/engine'),
    times: { headStart: 5_000 },
  })
  await search('word')
  await untilSettled(published)
  expect(published.map(({ source }) => source.kind)).toEqual(['catalogue', 'engine', 'host'])
  expect(published[1]!.images).toMatchObject([{ repository: 'from/engine', stars: 1, automated: false }])
  expect(published[2]!.failed).toMatchObject([{ failure: { code: 'registry-limited', until: soon } }])
  expect(engine.queries).toEqual(['word'])
})

test('results of an engine with API 1.45 do not say whether an image is automated', async () => {
  const { search, published } = await startSearch({ engine: engineResults('from/engine'), api: '1.45' })
  await search('word')
  await untilSettled(published)
  expect(published.at(-1)!.images[0]).not.toHaveProperty('automated')
})

test('if every source fails, the catalogue’s results stay, with the failure of each source', async () => {
  const { search, published } = await startSearch({
    hub: replyWith(200, '<html>', { 'content-type': 'text/html' }),
    host: replyWith(200, '{"results": [{"na'),
    engine: replyWith(500, '{"message":"dial tcp: no route to host"}', { 'content-type': 'application/json' }),
  })
  await search('nginx')
  await untilSettled(published)
  const last = published.at(-1)!
  expect(last.source).toEqual({ kind: 'catalogue' })
  expect(names(last)).toContain('nginx')
  expect(last.failed.map(({ source, failure }) => [source.kind, failure.code]).sort()).toEqual([
    ['engine', 'registry-unreachable'],
    ['host', 'registry-invalid-reply'],
    ['hub', 'registry-invalid-reply'],
  ])
})

test('without an engine the other sources are still asked', async () => {
  const { search, published } = await startSearch({ host: hostResults('from/host') })
  await search('word')
  await untilSettled(published)
  expect(names(published.at(-1))).toEqual(['from/host'])
})

test('empty results replace the catalogue’s results only if the catalogue finds nothing either', async () => {
  const { search, published } = await startSearch({ hub: hubResults() })
  expect((await search('数据库')).images.length).toBeGreaterThan(3)
  await untilSettled(published)
  expect(published[0]).toMatchObject({ source: { kind: 'catalogue' } })
  await search('nosuchthing')
  await vi.waitFor(() => expect(published.at(-1)!.words).toBe('nosuchthing'))
  expect(published.at(-1)).toMatchObject({ source: { kind: 'hub' }, images: [], pending: false })
})

test('invalid entries are left out, and descriptions are one line of text, whatever they contain', async () => {
  const nasty = `<img src=x onerror=alert(1)>\n\n<b>bold</b> \u202eevil\u0007 ${'𝄞'.repeat(600)}`
  const results = [
    { repo_name: 'a/nasty', short_description: nasty, star_count: -3, is_official: true },
    { short_description: 'no name' },
    { repo_name: 'No Name' },
    null,
    { repo_name: 'a/odd', short_description: 7, star_count: 'many' },
    { repo_name: 'a/odd' },
    ...Array.from({ length: 300 }, (_, length) => ({ repo_name: `a/more${length}` })),
  ]
  const { search, published } = await startSearch({ hub: replyWith(200, JSON.stringify({ results })) })
  await search('word')
  await untilSettled(published)
  const { images } = published[0]!
  expect(images).toHaveLength(100)
  expect(images.slice(0, 3)).toEqual([
    { repository: 'a/nasty', description: expect.stringMatching(/^<img .*> <b>bold<\/b> /), official: false },
    { repository: 'a/odd', description: '', official: false },
    { repository: 'a/more0', description: '', official: false },
  ])
  expect(images[0]!.description.length).toBeLessThanOrEqual(500)
  expect(images[0]!.description.isWellFormed()).toBe(true)
})
