import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { openRunner, useRunner, valueOf, type Runner } from '../run/runner.ts'

const size = { columns: 80, rows: 24 }

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let proxy: Awaited<ReturnType<typeof openResettingProxy>>
  let runner: Runner
  useRunner(engineOptions, (started) => void ({ engine } = started))
  beforeAll(async () => {
    proxy = await openResettingProxy(engine.socket)
    runner = await openRunner(engine, `tcp://127.0.0.1:${proxy.port}`)
  })
  afterAll(async () => {
    await runner?.stop()
    proxy?.close()
  })

  const expectCut = async (id: string) => {
    await eventually(() => runner.terminal(id)?.state.status === 'ended')
    expect(runner.terminal(id)?.state).toEqual({ status: 'ended', reason: 'cut' })
  }

  test('if the stream of a terminal is reset before its container starts, the terminal ends and the container runs', async () => {
    const { container, terminal } = await runner.start('box:1', { command: 'sleep 1000' })
    expect(proxy.resets()).toBe(1)
    await expectCut(terminal!)
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)

    await engine.docker.getContainer(container).kill()
    await eventually(() => runner.engine.live.containers().get(container)?.state === 'exited')
    await expectCut(valueOf(await runner.calls['terminals.start']({ container, size })))
    expect(proxy.resets()).toBe(2)
    expect((await engine.docker.getContainer(container).inspect()).State.Running).toBe(true)
  })
})

/**
 * A TCP proxy in front of an engine. It resets each attach connection soon after it is open, and delays requests to
 * start a container until after the reset.
 */
async function openResettingProxy(engineSocket: string) {
  let resets = 0
  const server = createServer((client) => {
    const upstream = connect(engineSocket)
    let isAttach = false
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      isAttach ||= /^POST \S*\/attach\?/.test(text)
      if (/^POST \S*\/start\b/.test(text)) void delay(200).then(() => upstream.write(bytes))
      else upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      client.write(bytes)
      if (!isAttach) return
      resets++
      setTimeout(() => client.resetAndDestroy(), 50)
    })
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port')
  return { port: address.port, resets: () => resets, close: () => server.close() }
}
