import { startOnline } from '../../tools/world/world.ts'
import type { MirrorBehaviour } from '../../tools/world/mirrors.ts'
import { failureIn, openRacer } from '../engine/mirrors/racer.ts'
import type { Benchmark } from './benchmark.ts'

const image = 'nginx:latest'
/** The baseline is the time of the slowest working mirror plus this many ms. */
const baselineExtraMs = 5_000
const maxRatio = 0.6

const workingMirrors: readonly MirrorBehaviour[] = [
  {},
  {},
  { login: 'anyone' },
  { redirectsBlobs: true },
  { firstByteDelayMs: 300 },
  { firstByteDelayMs: 900 },
  { bytesPerSecond: 4_000_000 },
  { bytesPerSecond: 1_000_000 },
  { bytesPerSecond: 400_000 },
  { ignoresRange: true },
]
const brokenMirrors: readonly (readonly [MirrorBehaviour, failureCode: string])[] = [
  [{ connecting: 'no-such-host' }, 'registry-unreachable'],
  [{ connecting: 'refused' }, 'registry-unreachable'],
  [{ connecting: 'unanswered' }, 'registry-slow'],
  [{ connecting: 'silent' }, 'registry-slow'],
  [{ certificate: 'self-signed' }, 'registry-tls'],
  [{ answers: 'html' }, 'registry-invalid-reply'],
  [{ hangs: 'manifest' }, 'registry-slow'],
  [{ hangs: 'blob-body' }, 'registry-slow'],
  [{ allows: [] }, 'registry-denied'],
  [{ throttles: { retryAfter: 60 } }, 'registry-limited'],
]

export const race20: Benchmark = {
  name: 'race-20',
  description: 'a race of twenty mirrors, half of them broken in ten ways, against the slowest working one plus 5 s',
  async run() {
    const online = await startOnline()
    const racer = openRacer({ env: online.hub.env })
    try {
      const mirrors = []
      const behaviours = [...workingMirrors, ...brokenMirrors.map(([behaviour]) => behaviour)]
      for (const [index, behaviour] of behaviours.entries()) {
        const mirror = await online.mirrors.add(`racer${index}`, behaviour)
        await racer.add(mirror.address)
        mirrors.push(mirror)
      }
      const start = performance.now()
      const probeTimes = new Map<string, number>()
      racer.onProbe((address, { state }) => {
        if ((state === 'answered' || state === 'failed') && !probeTimes.has(address))
          probeTimes.set(address, performance.now() - start)
      })
      const race = await racer.race(image)
      const raceMs = performance.now() - start
      const probes = mirrors.map(({ address }) => race.probes[address])
      const slowestMs = Math.max(
        ...mirrors.slice(0, workingMirrors.length).map(({ address }) => probeTimes.get(address) ?? Infinity),
      )
      const hasFailedWith = (code: string, index: number) =>
        failureIn(probes[workingMirrors.length + index])?.code === code
      const correct =
        probes.slice(0, workingMirrors.length).filter((probe) => probe?.state === 'answered').length +
        brokenMirrors.filter(([, code], index) => hasFailedWith(code, index)).length
      const requestCounts = mirrors.map(({ requests }) => requests.length)
      const bytes = mirrors.map(({ requests }) => requests.reduce((sum, { bytes }) => sum + bytes, 0))
      const reference = slowestMs + baselineExtraMs
      return [
        {
          name: 'race-20',
          value: raceMs,
          reference,
          goal: `ratio ≤ ${maxRatio}, all results correct`,
          pass: Number.isFinite(reference) && raceMs / reference <= maxRatio && correct === mirrors.length,
          summary: [
            `${formatSeconds(raceMs)} of ${formatSeconds(reference)} (slowest working mirror ${formatSeconds(slowestMs)})`,
            `${correct} of ${mirrors.length} results correct`,
            `per mirror at most ${Math.max(...requestCounts)} requests and ${Math.max(...bytes)} bytes`,
            `requests ${requestCounts.join(' ')}`,
            `kB ${bytes.map((n) => Math.round(n / 1000)).join(' ')}`,
          ].join('; '),
        },
      ]
    } finally {
      await racer.stop()
      await online.stop()
    }
  },
}

const formatSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
