import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDockerConfig } from '../../../model/engine/docker-config.ts'
import { readCorpus } from '../../corpus/corpus.ts'

/** A result in the words of the corpus: the context, and the fault with its line. */
function outcome(text: string): string {
  const { currentContext, fault } = parseDockerConfig(text)
  const line = fault && 'line' in fault ? `:${fault.line}` : ''
  return [currentContext || 'default', ...(fault ? [`${fault.code}${line}`] : [])].join(' ')
}

const lines = readCorpus<'content' | 'slipway'>('docker-config')

test.each(lines.filter(({ slipway }) => /^context:(?!.* permission$)/.test(slipway)))(
  '$content selects $slipway',
  ({ content, slipway }) => {
    expect(`context:${outcome(content)}`).toBe(slipway)
  },
)

test('each line is about a context, or about a login (credentials.test.ts)', () => {
  for (const { slipway } of lines) expect(slipway).toMatch(/^(?:context|login):./)
})

test('every text is read or has a fault, and every object that JSON.stringify writes has no fault', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseDockerConfig(text)))
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.json()), fc.string({ minLength: 1 }), (other, name) => {
      const text = JSON.stringify({ ...other, currentContext: name })
      expect(parseDockerConfig(text)).toEqual({ currentContext: name })
    }),
  )
})
