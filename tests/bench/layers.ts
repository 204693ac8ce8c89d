import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { ms, type Measure } from './measure.ts'
import { CountingProxy } from './proxy.ts'
import type { Stage } from './stage.ts'

export const layers: Measure = {
  name: 'layers',
  what: '5,000 images: the first reading of all layers, and the second, which asks the engine for nothing',
  async run(stage) {
    const engine = await stage.engine('20.10', 5000)
    const proxy = await CountingProxy.open(join(stage.folder, 'layers.sock'), engine.socket)
    const config = mkdtempSync(join(stage.folder, 'config-'))
    try {
      const first = await reading(stage, proxy, config)
      const second = await reading(stage, proxy, config)
      return [
        {
          name: 'layers',
          value: second.requests,
          reference: first.requests,
          goal: 'the second asks 0',
          pass: first.requests > 0 && second.requests === 0,
          says: `first ${ms(first.time)} after the first row, ${first.requests} requests; second ${ms(second.time)}, ${second.requests}`,
        },
      ]
    } finally {
      proxy.close()
    }
  },
}

async function reading(stage: Stage, proxy: CountingProxy, config: string) {
  proxy.take()
  const app = await stage.app({ socket: proxy.socket, config })
  try {
    const row = await app.firstRow()
    await app.layersRead()
    const time = Date.now() - row
    const requests = proxy.take().filter((request) => /^GET \/images\/[^/]+\/(json|history)$/.test(request)).length
    // Main shows an image's details too: the one under the cursor.
    return { time, requests: Math.max(0, requests - 2) }
  } finally {
    await app.quit()
  }
}
