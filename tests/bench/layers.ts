import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { formatMs, type Benchmark } from './benchmark.ts'
import { RecordingProxy } from './recording-proxy.ts'
import type { BenchEnvironment } from './environment.ts'

export const layers: Benchmark = {
  name: 'layers',
  description: '5,000 images: the app reads all layers from the engine at its first start, and none at the second',
  async run(environment) {
    const engine = await environment.engineWithImages('20.10', 5000)
    const proxy = await RecordingProxy.open(join(environment.folder, 'layers.sock'), engine.socket)
    const config = mkdtempSync(join(environment.folder, 'config-'))
    try {
      const first = await measureStart(environment, proxy, config)
      const second = await measureStart(environment, proxy, config)
      return [
        {
          name: 'layers',
          value: second.requests,
          reference: first.requests,
          goal: '0 requests at the second start',
          pass: first.requests > 0 && second.requests === 0,
          summary:
            `first start: ${formatMs(first.ms)} after the first row, ${first.requests} requests; ` +
            `second: ${formatMs(second.ms)}, ${second.requests} requests`,
        },
      ]
    } finally {
      proxy.close()
    }
  },
}

/**
 * Starts the app and waits until it has read all layers.
 * @returns the ms from the first row until then, and the number of requests for layers
 */
async function measureStart(environment: BenchEnvironment, proxy: RecordingProxy, config: string) {
  proxy.takeRequests()
  const app = await environment.openApp({ socket: proxy.socket, config })
  try {
    const firstRowAt = await app.firstRow()
    await app.waitForLayers()
    const ms = Date.now() - firstRowAt
    const requests = proxy
      .takeRequests()
      .filter((request) => /^GET \/images\/[^/]+\/(json|history)$/.test(request)).length
    // Two of these requests are for the details of the image under the cursor.
    return { ms, requests: Math.max(0, requests - 2) }
  } finally {
    await app.quit()
  }
}
