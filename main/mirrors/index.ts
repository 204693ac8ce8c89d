/** Docker Hub's mirrors: the list of them, and which of them work from this computer. */
import { setTimeout as delay } from 'node:timers/promises'
import { canonical, distinctMirrors } from '../../model/mirrors/address.ts'
import { hub, parseReference } from '../../model/image/reference.ts'
import { registryPlace } from '../../model/image/registry-place.ts'
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
import type { Jobs, Working } from '../jobs/index.ts'
import type { Http } from '../registry/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { isTested, readCatalogue } from './catalogue.ts'
import { afterCut, goodOnes, leftAlone, type MirrorSource } from './findings.ts'
import { ownMirrors } from './own.ts'
import { race, type RaceWish, type Runner } from './race.ts'
import { lastWanted } from './wanted.ts'

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
  /** The engine's platform, as `linux/arm64`, where it is known. */
  readonly platform: () => string | undefined
  /** The mirrors that the engine has now, as it names them. */
  readonly inForce: () => readonly string[]
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
  const { http, jobs, publish, store, platform, inForce, openText, saveText, patience = 5000 } = needs
  let read: ReturnType<typeof readCatalogue> | undefined
  const catalogue = () => (read ??= readCatalogue())
  const known = () => catalogue().mirrors.filter(isTested)
  const own = () => ownMirrors(store, known())
  let running: MirrorRace | undefined
  let telling: Promise<void> | undefined

  const lastRace = () => running ?? store.value.race
  const tested = () => [...own().list(), ...known()]

  /** Docker Hub, those on the list, and those that are in force without being on it. */
  function runners(): Runner[] {
    const { isListed } = own()
    const others = distinctMirrors(inForce()).filter((address) => !isListed(address))
    const ofEngine = others.map(canonical).map((address) => ({ address, host: hostOf(address) }))
    return [{ address: hubAddress, host: hub }, ...tested(), ...ofEngine]
  }

  function now(): Mirrors {
    const { asOf, mirrors } = catalogue()
    const { isListed } = own()
    return {
      asOf,
      tested: tested(),
      folded: mirrors.filter((mirror) => !isTested(mirror) && !isListed(mirror.address)),
      image: lastWanted(jobs.all()) ?? lastRace()?.image ?? usualImage,
      race: lastRace(),
    }
  }

  function changed() {
    telling ??= delay(rest).then(() => {
      telling = undefined
      publish('mirrors.changed', now())
    })
  }

  async function run(job: Working, image: string, { path, tag, runners }: Pick<RaceWish, 'path' | 'tag' | 'runners'>) {
    const left = leftAlone(store.value.race, Date.now() / 1000)
    const probes: Record<string, MirrorProbe> = Object.fromEntries(
      runners.map(({ address }) => [address, left[address] ?? { state: 'waiting' }]),
    )
    const started = Math.floor(Date.now() / 1000)
    const vouched = { genuine: [] as string[], unknown: [] as string[] }
    const soFar = (): MirrorRace => ({
      job: job.id,
      image,
      started,
      probes: { ...probes },
      ...structuredClone(vouched),
    })
    const show = () => {
      running = soFar()
      changed()
    }
    const item = (address: string, probe: MirrorProbe) => {
      const index = runners.findIndex((runner) => runner.address === address)
      // That a mirror does not work is what the race was to find out.
      const failure = probe.state === 'failed' ? { failure: probe.failure } : {}
      job.item(index, { state: isOver(probe) ? 'done' : 'running', ...failure })
    }
    show()
    for (const [address, probe] of Object.entries(probes)) if (isOver(probe)) item(address, probe)
    let cut = true
    try {
      const wish = { path, tag, platform: platform() ?? 'linux/amd64', patience, signal: job.cancelled }
      await race(
        http,
        { ...wish, runners: runners.filter(({ address }) => !left[address]) },
        {
          probe(address, probe) {
            probes[address] = probe
            item(address, probe)
            show()
          },
          vouched(digest, what) {
            vouched[what].push(digest)
            show()
          },
        },
      )
      cut = false
    } catch (error) {
      if (!job.cancelled.aborted) throw error
      runners.forEach((_, index) => job.items[index]?.state !== 'done' && job.item(index, { state: 'kept' }))
    } finally {
      for (const [address, probe] of Object.entries(probes)) if (!isOver(probe)) delete probes[address]
      const found = { ...soFar(), ended: Math.floor(Date.now() / 1000), ...(cut && { cut }) }
      running = undefined
      store.write({ ...store.value, race: cut ? afterCut(found, store.value.race, found.ended) : found })
      changed()
      const good = goodOnes(found)
      job.subject({ works: good.length, of: runners.length - 1, fastest: good[0] && hostOf(good[0].address) })
    }
  }

  const handlers: Handlers<'mirrors'> = {
    'mirrors.get': () => ok(now()),
    'mirrors.race'(reference) {
      if (running) return ok(running.job)
      const wanted = parseReference(reference)
      const place = wanted && registryPlace(wanted.repository)
      if (!wanted || place?.registry !== hub) return fail({ code: 'reference-wrong', reference })
      const image = `${wanted.repository}${wanted.version.startsWith('sha256:') ? '@' : ':'}${wanted.version}`
      const wish = { path: place.path, tag: wanted.version, runners: runners() }
      const names = wish.runners.map(({ host }) => host)
      return ok(jobs.start({ kind: 'race', image }, names, (job) => run(job, image, wish)))
    },
    'mirrors.add': (text) => afterwards(own().add(text)),
    'mirrors.change': (change) => afterwards(own().change(change)),
    'mirrors.remove': (address) => afterwards(ok(own().remove(address))),
    'mirrors.swap': (two) => afterwards(ok(own().swap(two))),
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
      const wanted = parseReference(reference)
      if (!wanted || registryPlace(wanted.repository).registry !== hub) return []
      const listed = new Set(tested().map((mirror) => mirror.address))
      return goodOnes(store.value.race).filter(({ address }) => listed.has(address))
    },
  }
}

const isOver = ({ state }: MirrorProbe) => state === 'answered' || state === 'failed'
const hostOf = (address: string) => address.replace(/^https?:\/\//, '')
