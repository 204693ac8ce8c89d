/** A world with Docker Hub and mirrors, and in it, for each test, the mirrors' service with an empty list. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { compareDigests, digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress, type MirrorRace } from '../../../preload/contract/index.ts'
import type { MirrorBehaviour, Mirror } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openRacer, type Racer, type RacerWish } from './racer.ts'

export function raceWorld() {
  let online: Online
  let racer: Racer
  let added = 0
  const open = (wish: Partial<RacerWish> = {}) =>
    openRacer({ env: online.hub.env, caFile: online.mirrors.caFile, ...wish })

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
    /** Another in place of the test's own. */
    async another(wish: Partial<RacerWish>) {
      await racer.stop()
      racer = open(wish)
    },
    /** Mirrors of these manners, on the racer's list. */
    async mirrored<Name extends string>(
      manners: Readonly<Record<Name, MirrorBehaviour>>,
    ): Promise<Record<Name, Mirror>> {
      const made: Record<string, Mirror> = {}
      for (const [name, manner] of Object.entries<MirrorBehaviour>(manners)) {
        made[name] = await online.mirrors.add(`${name}-${++added}`, manner)
        await racer.add(made[name].address)
      }
      return made as Record<Name, Mirror>
    },
  }
}

export const probeOf = (race: MirrorRace, { address }: Mirror) => race.probes[address]

export function comparing(race: MirrorRace) {
  const { [hubAddress]: itself, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  return compareDigests(digestIn(itself), digests, race)
}
