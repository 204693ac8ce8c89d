import { expect, test } from 'vitest'
import { archiveFault, loadError, saveError } from '../../../model/archives/engine-errors.ts'

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

test.each([
  ['write /var/lib/docker/tmp/docker-export-1/x/layer.tar: no space left on device', 'disk-full'],
  ['Error processing tar file(exit status 1): write /x: disk quota exceeded', 'disk-full'],
  ['Error processing tar file(exit status 1): lchown /etc/gshadow: invalid argument', 'ids-missing'],
  ['file integrity checksum failed for "usr/bin/x"', 'damaged'],
  ['failed to export: content digest sha256:ab12: not found', 'damaged'],
  ['failed to get reader: unexpected digest sha256:ab12 copied', 'damaged'],
  ['open /usr/no space left on device: permission denied', undefined],
  ['No such image: blob:1', undefined],
  ['something new', undefined],
])('“%s” tells the fault %s', (message, fault) => expect(archiveFault(message)).toBe(fault))
