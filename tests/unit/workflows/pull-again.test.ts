import Docker from 'dockerode'
import { expect, test, vi } from 'vitest'
import { pullAgain } from '../../../main/workflows/index.ts'
import { ok } from '../../../preload/contract/index.ts'
import { createFakeSession } from '../fake-session.ts'
import { serve } from '../local-server.ts'

const reference = `nginx@sha256:${'a'.repeat(64)}`

/** Pulls an image that Docker Hub no longer has, on an engine that accepts requests and never answers them. */
async function startPull() {
  const { server, requests } = await serve(() => undefined)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const pulled: string[] = []
  const cancelled = new AbortController()
  const pull = pullAgain(
    { digestExists: async () => ok(false) },
    {
      async pullWithinJob(_, name, signal) {
        signal.throwIfAborted()
        pulled.push(name)
        return undefined
      },
    },
  )(createFakeSession(new Docker({ protocol: 'http', host: '127.0.0.1', port })), reference, cancelled.signal)
  await vi.waitFor(() => expect(requests).toHaveLength(1))
  return { pull, pulled, cancel: () => cancelled.abort() }
}

test('an undo that waits for an engine to tell its mirrors can be cancelled', async () => {
  const { pull, pulled, cancel } = await startPull()
  cancel()
  await expect(pull).rejects.toThrow('aborted')
  expect(pulled).toEqual([])
})

test('if an engine does not tell its mirrors, it is asked for the image', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const { pull, pulled } = await startPull()
  await vi.advanceTimersByTimeAsync(4_000)
  expect(await pull).toBeUndefined()
  expect(pulled).toEqual([reference])
  vi.useRealTimers()
})
