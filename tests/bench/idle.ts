import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { RecordingProxy, formatRequests } from './recording-proxy.ts'

export const idle: Benchmark = {
  name: 'idle',
  description: '5,000 images: requests to the engine in a minute without changes, starting 10 s after the first row',
  async run(environment) {
    const engine = await environment.engineWithImages('20.10', 5000)
    const proxy = await RecordingProxy.open(join(environment.folder, 'idle.sock'), engine.socket)
    const app = await environment.openApp({ socket: proxy.socket })
    try {
      await app.firstRow()
      await sleep(10_000)
      const startRequests = proxy.takeRequests()
      await sleep(60_000)
      const requests = proxy.takeRequests()
      const details = requests.length > 0 ? `: ${formatRequests(requests)}` : ''
      return [
        {
          name: 'idle',
          value: requests.length,
          reference: null,
          goal: '0 requests',
          pass: requests.length === 0 && startRequests.length > 0,
          summary: `${requests.length} requests in a minute${details}; before that: ${formatRequests(startRequests)}`,
        },
      ]
    } finally {
      await app.close()
      proxy.close()
    }
  },
}
