import { beforeAll, expect, test } from 'vitest'
import type { Failure, Mirror, MirrorProbe } from '../../../preload/contract/index.ts'
import { explanationOf, verdictOf } from '../../../renderer/mirrors/mirror-text.ts'
import { dateTime, setLanguage } from '../../../renderer/ui/i18n.svelte.ts'

const host = 'm.example'
const image = 'alpine:latest'
const mirror: Mirror = { address: `https://${host}`, host, own: true }
const failedProbe = (failure: Failure, digest?: string): MirrorProbe => ({ state: 'failed', failure, digest, at: 1000 })
const wordsFor = (probe: MirrorProbe) => [
  verdictOf(probe, 'alone', false)?.label,
  explanationOf(mirror, probe, { content: 'alone', image }),
]

beforeAll(() => setLanguage('en'))

test.each([
  [
    'does not have the image',
    failedProbe({ code: 'reference-unknown', reference: image }),
    ['no such image', 'm.example does not have alpine:latest.'],
  ],
  [
    'lacks a part of the image',
    failedProbe({ code: 'reference-unknown', reference: 'alpine@sha256:1' }, 'sha256:2'),
    ['incomplete', 'm.example has only part of alpine:latest.'],
  ],
  ['sends nothing in time', failedProbe({ code: 'registry-slow', host }), ['timed out', /^m.example does not answer/]],
  [
    'sends manifests, and then hardly anything',
    failedProbe({ code: 'registry-slow', host }, 'sha256:2'),
    ['too slow', 'm.example answers, but too slowly.'],
  ],
  [
    'asks for a login, which Docker does not have for mirrors',
    failedProbe({ code: 'registry-login', host }),
    ['needs a login', 'm.example asks for a login.'],
  ],
] as const)('the words describe a mirror that %s', (_, probe, [word, sentence]) => {
  expect(wordsFor(probe)).toEqual([word, expect.stringMatching(sentence)])
})

test('for a mirror that is rate-limited for years, the words promise the next test after an hour', () => {
  const until = 1_790_000_000_000_000
  expect(wordsFor(failedProbe({ code: 'registry-limited', host, until }))[1]).toContain(
    `again at ${dateTime(1000 + 3600)}.`,
  )
})

test('the words are translated into Chinese', async () => {
  await setLanguage('zh-CN')
  expect(wordsFor(failedProbe({ code: 'reference-unknown', reference: image }))[1]).toBe(
    'm.example 没有收录 alpine:latest。',
  )
  expect(wordsFor(failedProbe({ code: 'registry-slow', host }, 'x'))[1]).toBe('m.example 有回应，但太慢。')
  await setLanguage('en')
})
