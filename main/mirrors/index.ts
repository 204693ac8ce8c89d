/** Docker Hub mirrors: the list of mirrors, and which of them work from this computer. */
import { setTimeout as delay } from 'node:timers/promises'
import { canonicalAddress, distinctMirrors } from '../../model/mirrors/address.ts'
import { hub, parseReference } from '../../model/image/reference.ts'
import { locateRepository } from '../../model/image/registry-place.ts'
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
import type { Jobs, JobContext } from '../jobs/index.ts'
import type { Http } from '../registry/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { takesPartInRaces, readCatalogue } from './catalogue.ts'
import { inForceMirrors } from './in-force.ts'
import { mergeCancelledRace, mirrorsToSkip, usableMirrors, type MirrorSource } from './race-results.ts'
import { userMirrors } from './user-mirrors.ts'
import { race, type RaceOptions, type Participant } from './race.ts'
import { lastHubImage } from './test-image.ts'

export interface MirrorService {
  readonly handlers: Handlers<'mirrors'>
  /**
   * @returns for a Docker Hub image, the listed mirrors that were usable in the last race: current content first, then
   * by speed; empty for an image of another registry
   */
  sourcesFor(reference: string): readonly MirrorSource[]
  /** Call this when the engine or its mirrors may have changed. */
  engineChanged(): void
  /** Call this after a pull from Docker Hub has failed. */
  hubPullFailed(): void
  /** Call this before the app ends. */
  end(): void
}

interface Dependencies {
  readonly http: Http
  readonly jobs: Jobs
  readonly publish: Publish
  readonly store: MirrorsStore
  /** The engine's platform, such as `linux/arm64`; undefined if unknown. */
  readonly platform: () => string | undefined
  /** The addresses of the mirrors that the engine uses now, as the engine reports them. */
  readonly inForce: () => readonly string[]
  /** Whether the engine runs on this computer, so that it reaches the same mirrors. */
  readonly isLocal: () => boolean
  /** @returns the text of a file that the user chooses; undefined if the user cancels */
  readonly chooseAndReadText: () => Promise<Result<string | undefined>>
  /** Writes a file that the user chooses. @returns whether the file was written */
  readonly chooseAndWriteText: (name: string, text: string) => Promise<Result<boolean>>
  /** Timeout of a mirror in milliseconds: for each response, and between two chunks of a blob. */
  readonly timeoutMs?: number
}

type RaceTarget = Pick<RaceOptions, 'path' | 'tag' | 'participants'>

/** Small, available at all mirrors, and with a layer that is large enough to measure a speed. */
const defaultImage = 'alpine:latest'
/** The minimum time between two `mirrors.changed` events during a race. */
const publishIntervalMs = 120

export function mirrorService(dependencies: Dependencies): MirrorService {
  const {
    http,
    jobs,
    publish,
    store,
    platform,
    inForce,
    isLocal,
    chooseAndReadText,
    chooseAndWriteText,
    timeoutMs = 5000,
  } = dependencies
  let loadedCatalogue: ReturnType<typeof readCatalogue> | undefined
  const catalogue = () => (loadedCatalogue ??= readCatalogue())
  const catalogueMirrors = () => catalogue().mirrors.filter(takesPartInRaces)
  const userList = () => userMirrors(store, catalogueMirrors())
  let runningRace: MirrorRace | undefined
  let pendingPublish: Promise<void> | undefined

  const usedMirrors = inForceMirrors({
    ...{ http, store, platform, timeoutMs },
    inForce: () => (isLocal() ? inForce() : []),
    onChange: publishSoon,
  })

  const latestRace = () => runningRace ?? store.value.race
  const mirrorsToTest = () => [...userList().list(), ...catalogueMirrors()]

  /** Docker Hub, the listed mirrors, and the mirrors that the engine uses but the list lacks. */
  function currentParticipants(): Participant[] {
    const { isListed } = userList()
    const unlisted = distinctMirrors(inForce()).filter((address) => !isListed(address))
    const engineMirrors = unlisted.map(canonicalAddress).map((address) => ({ address, host: hostOf(address) }))
    return [{ address: hubAddress, host: hub }, ...mirrorsToTest(), ...engineMirrors]
  }

  function snapshot(): Mirrors {
    const { asOf, mirrors } = catalogue()
    const { isListed } = userList()
    return {
      asOf,
      tested: mirrorsToTest(),
      untested: mirrors.filter((mirror) => !takesPartInRaces(mirror) && !isListed(mirror.address)),
      image: lastHubImage(jobs.all()) ?? latestRace()?.image ?? defaultImage,
      race: latestRace(),
      failing: usedMirrors.failing(),
    }
  }

  function publishSoon() {
    pendingPublish ??= delay(publishIntervalMs).then(() => {
      pendingPublish = undefined
      publish('mirrors.changed', snapshot())
    })
  }

  async function runRace(job: JobContext, image: string, { path, tag, participants }: RaceTarget) {
    const skipped = mirrorsToSkip(store.value.race, Date.now() / 1000)
    const probes: Record<string, MirrorProbe> = Object.fromEntries(
      participants.map(({ address }) => [address, skipped[address] ?? { state: 'waiting' }]),
    )
    const started = Math.floor(Date.now() / 1000)
    const confirmations = { confirmed: [] as string[], unknown: [] as string[] }
    const raceSoFar = (): MirrorRace => ({
      job: job.id,
      image,
      started,
      probes: { ...probes },
      ...structuredClone(confirmations),
    })
    const update = () => {
      runningRace = raceSoFar()
      publishSoon()
    }
    const updateItem = (address: string, probe: MirrorProbe) => {
      const index = participants.findIndex((participant) => participant.address === address)
      // A failed probe is a result of the race, not a failure of the job.
      const failure = probe.state === 'failed' ? { failure: probe.failure } : {}
      job.updateItem(index, { state: hasEnded(probe) ? 'done' : 'running', ...failure })
    }
    update()
    for (const [address, probe] of Object.entries(probes)) if (hasEnded(probe)) updateItem(address, probe)
    let cancelled = true
    try {
      const options = { path, tag, platform: platform() ?? 'linux/amd64', timeoutMs, signal: job.cancelled }
      await race(
        http,
        { ...options, participants: participants.filter(({ address }) => !skipped[address]) },
        {
          onProbe(address, probe) {
            probes[address] = probe
            updateItem(address, probe)
            update()
          },
          onCrossChecked(digest, verdict) {
            confirmations[verdict].push(digest)
            update()
          },
        },
      )
      cancelled = false
    } catch (error) {
      if (!job.cancelled.aborted) throw error
      participants.forEach(
        (_, index) => job.items[index]?.state !== 'done' && job.updateItem(index, { state: 'skipped' }),
      )
    } finally {
      for (const [address, probe] of Object.entries(probes)) if (!hasEnded(probe)) delete probes[address]
      const result = { ...raceSoFar(), ended: Math.floor(Date.now() / 1000), ...(cancelled && { cancelled }) }
      runningRace = undefined
      store.write({
        ...store.value,
        race: cancelled ? mergeCancelledRace(result, store.value.race, result.ended) : result,
      })
      publishSoon()
      const usable = usableMirrors(result)
      job.updateSubject({
        works: usable.length,
        of: participants.length - 1,
        fastest: usable[0] && hostOf(usable[0].address),
      })
    }
  }

  const handlers: Handlers<'mirrors'> = {
    'mirrors.get': () => ok(snapshot()),
    'mirrors.race'(reference) {
      if (runningRace) return ok(runningRace.job)
      const parsed = parseReference(reference)
      const place = parsed && locateRepository(parsed.repository)
      if (!parsed || place?.registry !== hub) return fail({ code: 'reference-invalid', reference })
      const image = `${parsed.repository}${parsed.version.startsWith('sha256:') ? '@' : ':'}${parsed.version}`
      const target = { path: place.path, tag: parsed.version, participants: currentParticipants() }
      const names = target.participants.map(({ host }) => host)
      return ok(jobs.start({ kind: 'race', image }, names, (job) => runRace(job, image, target)))
    },
    'mirrors.add': (text) => publishIfOk(userList().add(text)),
    'mirrors.change': (change) => publishIfOk(userList().change(change)),
    'mirrors.remove': (address) => publishIfOk(ok(userList().remove(address))),
    'mirrors.swap': (pair) => publishIfOk(ok(userList().swap(pair))),
    async 'mirrors.import'() {
      const text = await chooseAndReadText()
      if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text
      return publishIfOk(ok(userList().importFrom(text.value)))
    },
    'mirrors.export': () => chooseAndWriteText('slipway-mirrors.txt', userList().exportText()),
  }

  /** Publishes the new list if the change succeeded. */
  function publishIfOk<T>(result: Result<T>): Result<T> {
    if (result.ok) publish('mirrors.changed', snapshot())
    return result
  }

  return {
    handlers,
    engineChanged: () => void usedMirrors.checkIfDue(),
    hubPullFailed: () => void usedMirrors.checkIfDue(true),
    end: usedMirrors.end,
    sourcesFor(reference) {
      const parsed = parseReference(reference)
      if (!parsed || locateRepository(parsed.repository).registry !== hub) return []
      const listed = new Set(mirrorsToTest().map((mirror) => mirror.address))
      return usableMirrors(store.value.race).filter(({ address }) => listed.has(address))
    },
  }
}

const hasEnded = ({ state }: MirrorProbe) => state === 'answered' || state === 'failed'
const hostOf = (address: string) => address.replace(/^https?:\/\//, '')
