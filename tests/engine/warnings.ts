/** Fails a test in which Node emits a warning: more than ten listeners on one emitter, for example, mean a leak. */
import { afterAll, afterEach, expect } from 'vitest'

const warnings: string[] = []
process.on('warning', ({ name, stack }) => {
  if (name !== 'ExperimentalWarning' && name !== 'DeprecationWarning') warnings.push(stack ?? name)
})

const expectNoWarnings = () => expect(warnings.splice(0)).toEqual([])
afterEach(expectNoWarnings)
afterAll(expectNoWarnings)
