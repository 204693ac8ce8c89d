import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Backoff, engineFingerprint, awaitRetry } from '../../../main/engine/connect/backoff.ts'

test('the delay doubles from half a second to its maximum, by default half a minute, until it is reset', () => {
  const backoff = new Backoff()
  expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ])
  backoff.reset()
  expect(backoff.next()).toBe(500)
  const shorter = new Backoff(8_000)
  expect(Array.from({ length: 6 }, () => shorter.next())).toEqual([500, 1000, 2000, 4000, 8000, 8000])
})

test('the wait ends early if a socket appears or is replaced, or if the signal is aborted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-backoff-'))
  const socket = join(folder, 'docker.sock')
  const fingerprint = () => engineFingerprint({ env: { DOCKER_HOST: `unix://${socket}` }, home: folder }, undefined)
  const backoff = new Backoff()
  const longWait = (before: unknown, signal = new AbortController().signal) => {
    while (backoff.failures < 8) backoff.next()
    return awaitRetry({ backoff, fingerprint, before, signal })
  }
  try {
    const absent = fingerprint()
    const waitForSocket = longWait(absent)
    writeFileSync(socket, '')
    await waitForSocket
    expect(backoff.failures).toBe(0)

    const first = fingerprint()
    rmSync(socket)
    writeFileSync(socket, '')
    await longWait(first)

    const controller = new AbortController()
    const wait = longWait(fingerprint(), controller.signal)
    controller.abort()
    await wait
    expect(backoff.failures).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a socket that cannot be looked at does not end the search for an engine', () => {
  const host = `unix:///run/${'x'.repeat(300)}/docker.sock`
  expect(() => engineFingerprint({ env: { DOCKER_HOST: host }, home: '/nonexistent' }, undefined)).not.toThrow()
})
