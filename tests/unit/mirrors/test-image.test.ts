import { expect, test } from 'vitest'
import { lastHubImage } from '../../../main/mirrors/test-image.ts'
import type { Job, JobSubject } from '../../../preload/contract/index.ts'

const job = (subject: JobSubject, started: number, state: Job['state'] = 'done'): Job => ({
  ...{ id: String(started), subject, started, state, items: [] },
})
const pull = (reference: string): JobSubject => ({ kind: 'pull', reference, layers: [] })
const race = (image: string): JobSubject => ({ kind: 'race', image })

test('the last image of Docker Hub that was pulled or tested with is used', () => {
  expect(lastHubImage([])).toBeUndefined()
  expect(lastHubImage([job(race('redis:7'), 3), job(pull('nginx:1.27'), 2)])).toBe('redis:7')
  expect(lastHubImage([job(pull('nginx:1.27'), 4, 'failed'), job(race('redis:7'), 3, 'cancelled')])).toBe('nginx:1.27')
  expect(lastHubImage([job(pull('ghcr.io/a/b:1'), 5), job(pull('nginx:1.27'), 4)])).toBe('nginx:1.27')
})

test('a race that started after a pull counts as newer, even if the pull is still running', () => {
  expect(lastHubImage([job(pull('nginx:1.27'), 2, 'running'), job(race('redis:7'), 3)])).toBe('redis:7')
})
