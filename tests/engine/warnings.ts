/** A warning of Node's is a fault: more than ten listeners on one emitter mean that somebody forgets to take theirs off. */
import { afterAll, afterEach, expect } from 'vitest'

const warnings: string[] = []
process.on('warning', ({ name, stack }) => {
  if (name !== 'ExperimentalWarning' && name !== 'DeprecationWarning') warnings.push(stack ?? name)
})

const none = () => expect(warnings.splice(0)).toEqual([])
afterEach(none)
afterAll(none)
