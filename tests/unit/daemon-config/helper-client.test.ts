import { expect, test } from 'vitest'
import { openHelper, type HelperOptions } from '../../../main/daemon-config/helper.ts'

/** Opens a shell script that acts as the helper. */
const openFakeHelper = (script: string, options: HelperOptions = {}) =>
  openHelper({ ...options, command: ['/bin/sh', '-c', script] })

const greeting = `echo '{"helper":"slipway-daemon-file","protocol":3}'; echo '{"ready":true,"recovered":null}'`

async function openReadyHelper(script: string, options?: HelperOptions) {
  const helper = await openFakeHelper(`${greeting}; ${script}`, options)
  if (!helper.ok) throw new Error(JSON.stringify(helper.error))
  return helper.value
}

test.each([
  ['the password dialog was closed', 'exit 126', { code: 'helper-dismissed' }],
  [
    'the user is not authorized',
    'echo "Error executing command as another user: Not authorized" >&2; exit 127',
    'helper-not-allowed',
  ],
  ['there is no authentication agent', 'echo "Error: No authentication agent found." >&2; exit 127', 'helper-no-agent'],
  ['Python is missing', 'echo "bad interpreter" >&2; exit 1', { code: 'helper-ended', detail: 'bad interpreter' }],
  ['the first line is not the helper’s greeting', 'echo hello', { code: 'helper-ended', detail: 'exit 0' }],
  ['the helper prints nothing', 'exit 0', { code: 'helper-ended', detail: 'exit 0' }],
  [
    'the helper has another protocol version',
    `echo '{"helper":"slipway-daemon-file","protocol":9}'; cat >/dev/null`,
    { code: 'helper-version', installed: 9, needed: 3 },
  ],
  [
    'the helper refuses to start',
    `echo '{"helper":"slipway-daemon-file","protocol":3}'; echo '{"error":"not-root","state":"untouched"}'`,
    { code: 'daemon-file-helper-error', why: 'not-root', state: 'untouched' },
  ],
])('opening the helper fails if %s', async (_, script, error) => {
  const expected = typeof error === 'string' ? { code: error } : error
  expect(await openFakeHelper(script)).toEqual({ ok: false, error: expected })
})

test('opening the helper fails if its command does not exist', async () => {
  expect(await openHelper({ command: ['/nowhere/pkexec'] })).toMatchObject({
    ok: false,
    error: { code: 'helper-ended' },
  })
})

test('if the helper ends during a change, the change and every later request fail', async () => {
  const steps: unknown[] = []
  const checked = '{"step":"checked","validated":false}'
  const helper = await openReadyHelper(`read request; echo '${checked}'; echo killed >&2; kill -9 $$`, {
    onStep: (step, validated) => void steps.push([step, validated]),
  })
  const ended = { ok: false, error: { code: 'helper-ended', detail: 'killed' } }
  expect(await helper.change({ oldHash: undefined, edits: [[0, 0, '{}']] })).toEqual(ended)
  expect(await helper.undo()).toEqual(ended)
  expect(steps).toEqual([['checked', false]])
  await helper.end()
})

test('a reply that cannot be parsed is refused', async () => {
  const helper = await openReadyHelper(`read request; echo '{"answer":"changed","hash":7}'; cat >/dev/null`)
  expect(await helper.change({ oldHash: undefined, edits: [[0, 0, '{}']] })).toEqual({
    ok: false,
    error: { code: 'daemon-file-helper-error', why: 'answer', state: 'unsure' },
  })
})

test('two requests made at the same time get their own replies', async () => {
  const helper = await openReadyHelper(
    `read a; echo '{"answer":"changed","hash":"x","confirmed":true,"running":true}'; read b; sleep 0.1; echo '{"answer":"kept"}'`,
  )
  const both = await Promise.all([helper.change({ oldHash: undefined, edits: [[0, 0, '{}']] }), helper.keep()])
  expect(both).toEqual([
    { ok: true, value: { answer: 'changed', hash: 'x', confirmed: true, running: true } },
    { ok: true, value: undefined },
  ])
})

test('a cancel ends the helper while it still asks for the password', async () => {
  const controller = new AbortController()
  const opening = openFakeHelper('exec sleep 60', { signal: controller.signal })
  controller.abort()
  expect(await opening).toMatchObject({ ok: false, error: { code: 'helper-ended' } })
})
