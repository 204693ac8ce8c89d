/** Docker Hub's mirrors: the list of them, and which of them work from this computer. */
import { setTimeout as delay } from 'node:timers/promises'
import { compare, digestIn, isFresh, isGood } from '../../model/mirror-race.ts'
import { hub } from '../../model/reference.ts'
import { manifestOf, registryPlace } from '../../model/registry-place.ts'
import {
  fail,
  hubAddress,
  ok,
  type Handlers,
  type MirrorProbe,
  type MirrorRace,
  type Mirrors,
  type Publish,
  type Result,
} from '../../preload/contract/index.ts'
import type { Jobs, Working } from '../jobs.ts'
import type { Http } from '../registry/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { isTested, readCatalogue } from './catalogue.ts'
import { ownMirrors } from './own.ts'
import { race } from './race.ts'

/** A mirror that the last race found good. */
export interface MirrorSource {
  readonly address: string
  readonly speed?: number | undefined
  /** When it was tried, in seconds since 1970. */
  readonly tried: number
}

export interface MirrorService {
  readonly handlers: Handlers<'mirrors'>
  /** Where Docker Hub's images may be had instead, the fastest first; none for images from elsewhere. */
  sourcesFor(reference: string): readonly MirrorSource[]
}

interface Needs {
  readonly http: Http
  readonly jobs: Jobs
  readonly publish: Publish
  readonly store: MirrorsStore
  /** The image of Docker Hub that the user wanted last, as far as it is known. */
  readonly lastWanted: () => string | undefined
  /** The engine's platform, as `linux/arm64`, where it is known. */
  readonly platform: () => string | undefined
  /** The text of a file that the user chooses; nothing where they think better of it. */
  readonly openText: () => Promise<Result<string | undefined>>
  /** Writes a file that the user chooses. Whether it was written. */
  readonly saveText: (name: string, text: string) => Promise<Result<boolean>>
  /** The longest silence of a mirror, in milliseconds. */
  readonly patience?: number
}

/** Small, known to all mirrors, and with a layer that shows a speed. */
const usualImage = 'alpine:latest'
/** Changes are told at most so often, in milliseconds. */
const rest = 120

export function mirrorService(needs: Needs): MirrorService {
  const { http, jobs, publish, store, lastWanted, platform, openText, saveText, patience = 5000 } = needs
  let read: ReturnType<typeof readCatalogue> | undefined
  const catalogue = () => (read ??= readCatalogue())
  const own = () => ownMirrors(store, catalogue().mirrors)
  let running: MirrorRace | undefined
  let telling: Promise<void> | undefined

  const known = () => running ?? store.value.race
  const tested = () => [...own().list(), ...catalogue().mirrors.filter(isTested)]

  function now(): Mirrors {
    const { asOf, mirrors } = catalogue()
    return {
      asOf,
      tested: tested(),
      folded: mirrors.filter((mirror) => !isTested(mirror)),
      image: known()?.image ?? lastWanted() ?? usualImage,
      race: known(),
    }
  }

  function changed() {
    telling ??= delay(rest).then(() => {
      telling = undefined
      publish('mirrors.changed', now())
    })
  }

  /** What was found of a mirror that wants to be left alone until later holds until then. */
  function resting(address: string): MirrorProbe | undefined {
    const probe = store.value.race?.probes[address]
    if (probe?.state !== 'failed' || probe.failure.code !== 'registry-limited') return undefined
    return (probe.failure.until ?? 0) > Date.now() / 1000 ? probe : undefined
  }

  async function run(job: Working, image: string, path: string, tag: string) {
    const runners = [{ address: hubAddress, host: hub }, ...tested()]
    const left = new Map(runners.flatMap(({ address }) => (resting(address) ? [[address, resting(address)!]] : [])))
    const probes: Record<string, MirrorProbe> = Object.fromEntries(
      runners.map(({ address }) => [address, left.get(address) ?? { state: 'waiting' }]),
    )
    const genuine: string[] = []
    const started = Math.floor(Date.now() / 1000)
    const show = (ended?: number) => {
      running = { job: job.id, image, started, ended, probes: { ...probes }, genuine: [...genuine] }
      changed()
    }
    const item = (address: string, probe: MirrorProbe) => {
      const index = runners.findIndex((runner) => runner.address === address)
      // That a mirror does not work is what the race was to find out.
      const failure = probe.state === 'failed' ? { failure: probe.failure } : {}
      job.item(index, { state: isOver(probe) ? 'done' : 'running', ...failure })
    }
    show()
    for (const [address, probe] of left) item(address, probe)
    try {
      const wish = { path, tag, platform: platform() ?? 'linux/amd64', patience, signal: job.cancelled }
      await race(
        http,
        { ...wish, runners: runners.filter(({ address }) => !left.has(address)) },
        {
          probe(address, probe) {
            probes[address] = probe
            item(address, probe)
            show()
          },
          genuine(digest) {
            genuine.push(digest)
            show()
          },
        },
      )
    } catch (error) {
      if (!job.cancelled.aborted) throw error
      runners.forEach((_, index) => job.items[index]?.state !== 'done' && job.item(index, { state: 'kept' }))
    } finally {
      for (const [address, probe] of Object.entries(probes)) if (!isOver(probe)) delete probes[address]
      show(Math.floor(Date.now() / 1000))
      store.write({ ...store.value, race: running })
      running = undefined
    }
    const good = goodOnes(store.value.race)
    job.subject({ works: good.length, of: runners.length - 1, fastest: good[0] && hostOf(good[0].address) })
  }

  const handlers: Handlers<'mirrors'> = {
    'mirrors.get': () => ok(now()),
    'mirrors.race'(reference) {
      if (running) return ok(running.job)
      const wanted = manifestOf(reference)
      const place = wanted && registryPlace(wanted.repository)
      if (!wanted || place?.registry !== hub) return fail({ code: 'reference-wrong', reference })
      const image = `${wanted.repository}${wanted.version.startsWith('sha256:') ? '@' : ':'}${wanted.version}`
      const names = [hub, ...tested().map(({ host }) => host)]
      return ok(jobs.start({ kind: 'race', image }, names, (job) => run(job, image, place.path, wanted.version)))
    },
    'mirrors.add': (text) => afterwards(own().add(text)),
    'mirrors.change': (change) => afterwards(own().change(change)),
    'mirrors.remove': (address) => afterwards(ok(own().remove(address))),
    'mirrors.move': (move) => afterwards(ok(own().move(move))),
    async 'mirrors.import'() {
      const text = await openText()
      if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text
      return afterwards(ok(own().take(text.value)))
    },
    'mirrors.export': () => saveText('slipway-mirrors.txt', own().file()),
  }

  function afterwards<T>(result: Result<T>): Result<T> {
    if (result.ok) publish('mirrors.changed', now())
    return result
  }

  return {
    handlers,
    sourcesFor(reference) {
      const wanted = manifestOf(reference)
      if (!wanted || registryPlace(wanted.repository).registry !== hub) return []
      return goodOnes(store.value.race)
    },
  }
}

/** The fastest first; Docker Hub itself is none. */
function goodOnes(race: MirrorRace | undefined): MirrorSource[] {
  if (!race) return []
  const { [hubAddress]: itself, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  const { contentOf } = compare(digestIn(itself), digests, new Set(race.genuine))
  return Object.entries(mirrors)
    .flatMap(([address, probe]) =>
      probe.state === 'answered' && isGood(probe, contentOf(probe.digest))
        ? [{ fresh: isFresh(contentOf(probe.digest)), source: { address, speed: probe.speed, tried: probe.at } }]
        : [],
    )
    .toSorted((a, b) => Number(b.fresh) - Number(a.fresh) || (b.source.speed ?? 0) - (a.source.speed ?? 0))
    .map(({ source }) => source)
}

const isOver = ({ state }: MirrorProbe) => state === 'answered' || state === 'failed'
const hostOf = (address: string) => address.replace(/^https?:\/\//, '')

export { daemonService } from './daemon.ts'
export { ownHelper } from './helper.ts'
