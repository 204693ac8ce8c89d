import { expect, test } from 'vitest'
import { loadError, saveError } from '../../../model/archives/engine-errors.ts'

const line = (value: object) => `${JSON.stringify(value)}\r\n`

test('a load succeeded if the engine says so and reports no error', () => {
  expect(loadError(line({ stream: 'Loaded image: one:1\n' }))).toBeUndefined()
  expect(loadError(line({ stream: 'Loaded image ID: sha256:1\n' }))).toBeUndefined()
})

test('an error after "Loaded image" is found, whether it is under the error key or in the stream', () => {
  const successLine = line({ stream: 'Loaded image: one:1\n' })
  const error = 'failed to unpack'
  expect(loadError(successLine + line({ errorDetail: { message: error }, error }))).toBe(error)
  expect(loadError(successLine + line({ stream: 'Error unpacking image one:1: no layer\n' }))).toBe(
    'Error unpacking image one:1: no layer',
  )
})

test('a reply without “Loaded image” counts as a failure, with its message or its whole text', () => {
  expect(loadError('')).toBe('')
  expect(loadError(line({ message: 'broken' }))).toBe('broken')
  expect(loadError('<html>')).toBe('<html>')
})

test('the error that the engine appends to an incomplete archive is found', () => {
  const error = 'blob not found'
  expect(saveError(`\0\0{"x${JSON.stringify({ errorDetail: { message: error }, error })}\r\n`)).toBe(error)
  expect(saveError('\0\0\0')).toBeUndefined()
})
