/**
 * Fails a test in which Node emits a warning, except about experimental or deprecated features. For example, Node warns
 * of a leak if one emitter has more than ten listeners.
 */
import { afterAll, afterEach, expect } from 'vitest'

const warnings: string[] = []
process.on('warning', ({ name, stack }) => {
  if (name !== 'ExperimentalWarning' && name !== 'DeprecationWarning') warnings.push(stack ?? name)
})

const expectNoWarnings = () => expect(warnings.splice(0)).toEqual([])
afterEach(expectNoWarnings)
afterAll(expectNoWarnings)
