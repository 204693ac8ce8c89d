import { startOnline } from '../../tools/world/world.ts'
import type { MirrorBehaviour } from '../../tools/world/mirrors.ts'
import { failureIn, openRacer } from '../engine/mirrors/racer.ts'
import type { Measure } from './measure.ts'

const image = 'nginx:latest'
/** The whole is held against the slowest live one and so many milliseconds more. */
const allowed = 5_000
const bound = 0.6

const live: readonly MirrorBehaviour[] = [
  {},
  {},
  { login: 'anyone' },
  { blobsElsewhere: true },
  { firstByteAfter: 300 },
  { firstByteAfter: 900 },
  { bytesPerSecond: 4_000_000 },
  { bytesPerSecond: 1_000_000 },
  { bytesPerSecond: 400_000 },
  { ignoresRange: true },
]
const dead: readonly (readonly [MirrorBehaviour, code: string])[] = [
  [{ connecting: 'no-such-host' }, 'registry-unreachable'],
  [{ connecting: 'refused' }, 'registry-unreachable'],
  [{ connecting: 'unanswered' }, 'registry-slow'],
  [{ connecting: 'silent' }, 'registry-slow'],
  [{ certificate: 'self-signed' }, 'registry-tls'],
  [{ answers: 'html' }, 'registry-nonsense'],
  [{ hangs: 'manifest' }, 'registry-slow'],
  [{ hangs: 'blob-body' }, 'registry-slow'],
  [{ allows: [] }, 'registry-denied'],
  [{ throttles: { retryAfter: 60 } }, 'registry-limited'],
]

export const race20: Measure = {
  name: 'race-20',
  what: 'twenty mirrors, half of them dead in ten ways, against the slowest live one and 5 s',
  async run() {
    const online = await startOnline()
    const racer = openRacer({ env: online.hub.env, caFile: online.mirrors.caFile })
    try {
      const mirrors = []
      for (const [at, manner] of [...live, ...dead.map(([manner]) => manner)].entries()) {
        const mirror = await online.mirrors.add(`racer${at}`, manner)
        await racer.add(mirror.address)
        mirrors.push(mirror)
      }
      const begun = performance.now()
      const ended = new Map<string, number>()
      racer.onProbe((address, { state }) => {
        if ((state === 'answered' || state === 'failed') && !ended.has(address))
          ended.set(address, performance.now() - begun)
      })
      const race = await racer.race(image)
      const whole = performance.now() - begun
      const probes = mirrors.map(({ address }) => race.probes[address])
      const slowest = Math.max(...mirrors.slice(0, live.length).map(({ address }) => ended.get(address) ?? Infinity))
      const right =
        probes.slice(0, live.length).filter((probe) => probe?.state === 'answered').length +
        dead.filter(([, code], at) => failureIn(probes[live.length + at])?.code === code).length
      const asked = mirrors.map(({ requests }) => requests.length)
      const bytes = mirrors.map(({ requests }) => requests.reduce((sum, { bytes }) => sum + bytes, 0))
      const reference = slowest + allowed
      return [
        {
          name: 'race-20',
          value: whole,
          reference,
          goal: `ratio ≤ ${bound}, all reasons right`,
          pass: whole / reference <= bound && right === mirrors.length,
          says: [
            `${seconds(whole)} of ${seconds(reference)} (slowest live one ${seconds(slowest)})`,
            `${right} of ${mirrors.length} told right`,
            `requests a mirror at most ${Math.max(...asked)}, bytes at most ${Math.max(...bytes)}`,
            `requests ${asked.join(' ')}`,
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

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
