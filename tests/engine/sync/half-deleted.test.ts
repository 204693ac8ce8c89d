import { expect, test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { anyEngine } from '../matrix.ts'
import { openHoldingProxy } from './holding-proxy.ts'
import { expectCaughtUp, eventually, watchEngine } from '../engine-window.ts'

test('a list that fails with 404 while an image is half deleted is requested again, without a disconnect', async () => {
  const engine = await startEngine(anyEngine)
  const proxy = await openHoldingProxy(engine.socket, (path) => path.includes('/images/json'))
  proxy.release()
  const served = watchEngine(proxy.socket)
  try {
    await loadImages(engine.docker, manyImages(3))
    await eventually(() => served.window.complete)
    await expectCaughtUp(served, engine)
    proxy.refuse(2)
    await loadImages(engine.docker, manyImages(4))
    await eventually(() => proxy.remainingRefusals === 0)
    await expectCaughtUp(served, engine)
    expect(served.states.filter(({ status }) => status === 'away')).toEqual([])
  } finally {
    await served.stop()
    proxy.close()
    await engine.stop()
  }
})
