import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Measure } from './measure.ts'
import { CountingProxy, told } from './proxy.ts'

export const idle: Measure = {
  name: 'idle',
  what: 'requests to the engine in a minute without any change, 5,000 images, from 10 s after the list on',
  async run(stage) {
    const engine = await stage.engine('20.10', 5000)
    const proxy = await CountingProxy.open(join(stage.folder, 'idle.sock'), engine.socket)
    const app = await stage.app({ socket: proxy.socket })
    try {
      await app.firstRow()
      await sleep(10_000)
      const before = proxy.take()
      await sleep(60_000)
      const requests = proxy.take()
      return [
        {
          name: 'idle',
          value: requests.length,
          reference: null,
          goal: '0 requests',
          pass: requests.length === 0 && before.length > 0,
          says: `${requests.length} requests in a minute${requests.length > 0 ? `: ${told(requests)}` : ''}; before it: ${told(before)}`,
        },
      ]
    } finally {
      await app.close()
      proxy.close()
    }
  },
}
