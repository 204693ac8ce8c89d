import { expect, test } from 'vitest'
import { eventually } from '../eventually.ts'
import { useRaceWorld } from './race-world.ts'

const world = useRaceWorld()

/** Starts a racer whose engine uses a good and a refusing mirror. */
async function openWithMirrors() {
  const { good, refusing } = await world.addMirrors({ good: {}, refusing: { connecting: 'refused' } })
  const inForce = [good.address, refusing.address]
  await world.reopenRacer({ inForce })
  return { good, refusing }
}
const failing = async () => (await world.racer.read()).failing.map(({ address, failure }) => [address, failure.code])

test('the mirrors that the engine uses are checked once a week without a job, and those that fail are named', async () => {
  const { good, refusing } = await openWithMirrors()
  expect(await failing()).toEqual([])
  world.racer.service.engineChanged()
  await eventually(async () => (await failing()).length > 0)
  expect(await failing()).toEqual([[refusing.address, 'registry-unreachable']])
  await eventually(() => world.racer.published.at(-1)?.failing.length === 1)

  await world.racer.restart()
  const requestCount = good.requests.length
  world.racer.service.engineChanged()
  world.racer.service.hubPullFailed()
  expect(await failing()).toHaveLength(1)
  expect(good.requests).toHaveLength(requestCount)
  expect(requestCount).toBeGreaterThan(0)
})

test('mirrors that change while a check runs are checked at once, without another event', async () => {
  const { good, refusing } = await world.addMirrors({ good: {}, refusing: { connecting: 'refused' } })
  await world.reopenRacer({ inForce: [good.address] })
  world.racer.service.engineChanged()
  world.racer.setInForce([refusing.address])
  world.racer.service.engineChanged()
  await eventually(async () => (await failing()).length > 0)
  expect(await failing()).toEqual([[refusing.address, 'registry-unreachable']])
})
