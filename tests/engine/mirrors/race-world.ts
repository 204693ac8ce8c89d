/**
 * Hooks for tests of a race. They start a stub of Docker Hub and mirrors, and for each test a racer with an empty list
 * of mirrors.
 */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { compareDigests, digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress, type MirrorRace } from '../../../preload/contract/index.ts'
import type { MirrorBehaviour, Mirror } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openRacer, type Racer, type RacerOptions } from './racer.ts'

/** Registers the hooks. */
export function useRaceWorld() {
  let online: Online
  let racer: Racer
  let mirrorCount = 0
  const open = (options: Partial<RacerOptions> = {}) => openRacer({ env: online.hub.env, ...options })

  beforeAll(async () => {
    online = await startOnline()
  })
  afterAll(() => online.stop())
  beforeEach(() => {
    online.hub.setBehaviour('all', 'normal')
    online.mirrors.setDnsConditions('normal')
    racer = open()
  })
  afterEach(() => racer.stop())

  return {
    get online() {
      return online
    },
    get racer() {
      return racer
    },
    /** Replaces the racer with one that has other options. */
    async reopenRacer(options: Partial<RacerOptions>) {
      await racer.stop()
      racer = open(options)
    },
    /** Starts mirrors that behave in these ways, and adds them to the racer's list. */
    async addMirrors<Name extends string>(
      behaviours: Readonly<Record<Name, MirrorBehaviour>>,
    ): Promise<Record<Name, Mirror>> {
      const mirrors: Record<string, Mirror> = {}
      for (const [name, behaviour] of Object.entries<MirrorBehaviour>(behaviours)) {
        mirrors[name] = await online.mirrors.add(`${name}-${++mirrorCount}`, behaviour)
        await racer.add(mirrors[name].address)
      }
      return mirrors as Record<Name, Mirror>
    },
  }
}

export const probeOf = (race: MirrorRace, { address }: Mirror) => race.probes[address]

/** Compares the digests in the answers of Docker Hub and the mirrors, as the screen Mirrors does. */
export function compareRace(race: MirrorRace) {
  const { [hubAddress]: hub, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  return compareDigests(digestIn(hub), digests, race)
}
