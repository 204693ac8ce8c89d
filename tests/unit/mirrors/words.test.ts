import { beforeAll, expect, test } from 'vitest'
import type { Failure, Mirror, MirrorProbe } from '../../../preload/contract/index.ts'
import { explanationOf, verdictOf } from '../../../renderer/mirrors/mirror-text.ts'
import { dateTime, setLanguage } from '../../../renderer/ui/i18n.svelte.ts'

const host = 'm.example'
const image = 'alpine:latest'
const mirror: Mirror = { address: `https://${host}`, host, own: true }
const failed = (failure: Failure, digest?: string): MirrorProbe => ({ state: 'failed', failure, digest, at: 1000 })
const said = (probe: MirrorProbe) => [
  verdictOf(probe, 'alone', false)?.label,
  explanationOf(mirror, probe, { content: 'alone', image }),
]

beforeAll(() => setLanguage('en'))

test.each([
  [
    'an image that it does not have',
    failed({ code: 'reference-unknown', reference: image }),
    ['no such image', 'm.example does not have alpine:latest.'],
  ],
  [
    'an image of which it lacks a part',
    failed({ code: 'reference-unknown', reference: 'alpine@sha256:1' }, 'sha256:2'),
    ['incomplete', 'm.example has only part of alpine:latest.'],
  ],
  ['nothing that came in time', failed({ code: 'registry-slow', host }), ['timed out', /^m.example does not answer/]],
  [
    'manifests, and then hardly anything',
    failed({ code: 'registry-slow', host }, 'sha256:2'),
    ['too slow', 'm.example answers, but too slowly.'],
  ],
  [
    'a login, which Docker has none of for a mirror',
    failed({ code: 'registry-login', host }),
    ['needs a login', 'm.example asks for a login.'],
  ],
] as const)('of a mirror, the words fit: %s', (_, probe, [label, sentence]) => {
  expect(said(probe)).toEqual([label, expect.stringMatching(sentence)])
})

test('a mirror that wants to be left alone for years is said to be tested again within the hour', () => {
  const until = 1_790_000_000_000_000
  expect(said(failed({ code: 'registry-limited', host, until }))[1]).toContain(`again at ${dateTime(1000 + 3600)}.`)
})

test('the same in Chinese', async () => {
  await setLanguage('zh-CN')
  expect(said(failed({ code: 'reference-unknown', reference: image }))[1]).toBe('m.example 没有收录 alpine:latest。')
  expect(said(failed({ code: 'registry-slow', host }, 'x'))[1]).toBe('m.example 有回应，但太慢。')
  await setLanguage('en')
})
