import { expect, test } from 'vitest'
import { openHelper, type HelperOptions } from '../../../main/daemon-config/helper.ts'

/** Speaks in the helper's place: a shell script. */
const speaking = (script: string, wish: HelperOptions = {}) =>
  openHelper({ ...wish, command: ['/bin/sh', '-c', script] })

const started = `echo '{"helper":"slipway-daemon-file","protocol":1}'; echo '{"ready":true,"recovered":null}'`

async function talking(script: string, wish?: HelperOptions) {
  const helper = await speaking(`${started}; ${script}`, wish)
  if (!helper.ok) throw new Error(JSON.stringify(helper.error))
  return helper.value
}

test.each([
  ['the question was closed', 'exit 126', { code: 'helper-dismissed' }],
  ['not allowed', 'echo "Error executing command as another user: Not authorized" >&2; exit 127', 'helper-not-allowed'],
  ['nothing can ask', 'echo "Error: No authentication agent found." >&2; exit 127', 'helper-no-agent'],
  ['Python is not there', 'echo "bad interpreter" >&2; exit 1', { code: 'helper-ended', detail: 'bad interpreter' }],
  ['it says something else', 'echo hello', { code: 'helper-ended', detail: 'exit 0' }],
  ['it says nothing', 'exit 0', { code: 'helper-ended', detail: 'exit 0' }],
  [
    'it is of another version',
    `echo '{"helper":"slipway-daemon-file","protocol":2}'; cat >/dev/null`,
    { code: 'helper-version', installed: 2, needed: 1 },
  ],
  [
    'it refuses to begin',
    `echo '{"helper":"slipway-daemon-file","protocol":1}'; echo '{"error":"not-root","state":"untouched"}'`,
    { code: 'daemon-file-fault', why: 'not-root', state: 'untouched' },
  ],
])('%s', async (_, script, error) => {
  const expected = typeof error === 'string' ? { code: error } : error
  expect(await speaking(script)).toEqual({ ok: false, error: expected })
})

test('a helper that does not exist', async () => {
  expect(await openHelper({ command: ['/nowhere/pkexec'] })).toMatchObject({
    ok: false,
    error: { code: 'helper-ended' },
  })
})

test('ended in the middle of a change: the change, and all that is asked after it, is told so', async () => {
  const steps: string[] = []
  const helper = await talking(`read request; echo '{"step":"checked"}'; echo killed >&2; kill -9 $$`, {
    onStep: (step) => void steps.push(step),
  })
  const ended = { ok: false, error: { code: 'helper-ended', detail: 'killed' } }
  expect(await helper.change({ oldHash: undefined, newText: '{}' })).toEqual(ended)
  expect(await helper.undo()).toEqual(ended)
  expect(steps).toEqual(['checked'])
  await helper.end()
})

test('an answer that cannot be parsed is refused', async () => {
  const helper = await talking(`read request; echo '{"answer":"changed","hash":7}'; cat >/dev/null`)
  expect(await helper.change({ oldHash: undefined, newText: '{}' })).toEqual({
    ok: false,
    error: { code: 'daemon-file-fault', why: 'answer', state: 'unsure' },
  })
})

test('requests are sent one after the other', async () => {
  const helper = await talking(
    `read a; echo '{"answer":"changed","hash":"x","confirmed":true}'; read b; sleep 0.1; echo '{"answer":"kept"}'`,
  )
  const both = await Promise.all([helper.change({ oldHash: undefined, newText: '{}' }), helper.keep()])
  expect(both).toEqual([
    { ok: true, value: { answer: 'changed', hash: 'x', confirmed: true } },
    { ok: true, value: undefined },
  ])
})

test('a cancel ends the helper while it still asks for the password', async () => {
  const patience = new AbortController()
  const opening = speaking('exec sleep 60', { signal: patience.signal })
  patience.abort()
  expect(await opening).toMatchObject({ ok: false, error: { code: 'helper-ended' } })
})
