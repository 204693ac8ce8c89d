import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { added, engineAtRest, plain } from './clean-engine.ts'
import { reloaded } from './cut-helper.ts'
import { changed, hashOf, opened, state } from './helper-side.ts'

const rest = engineAtRest('26.1')
const { engineHas, refused } = rest

describe('what the engine would refuse', () => {
  test.each([
    'ftp://a.example',
    'a.example',
    'https://user:secret@a.example',
    'https://a.example/?x=1',
    'https://a.example#x',
    'https://a.example?',
    'https://',
    'https://a.example:port',
    'https://a .example',
    'https://a.example\\n',
    'https://ä.example',
  ])('the mirror %s', async (wrong) => {
    const text = `{ "registry-mirrors": ["${wrong}"], "labels": ["x=y"] }\n`
    await refused({ code: 'daemon-file-mirror', state: 'untouched' }, text)
  })

  test.each(['http://a.example', 'a.example:99999', 'a b', '10.0.0.0/99', '-x'])('the registry %s', async (wrong) => {
    const text = `{ "insecure-registries": ["${wrong}"], "labels": ["x=y"] }\n`
    await refused({ code: 'daemon-file-registry', registry: wrong, state: 'untouched' }, text)
  })

  test('registries that it takes are taken up, and given back', async () => {
    const text = `{ "insecure-registries": ["a.example:5000", "10.0.0.0/8", "B.example"], "labels": ["x=y"] }\n`
    const before = state()
    const { answer, last } = await changed(text, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(state()).toEqual(before)
    const { RegistryConfig } = (await rest.engine.docker.info()) as { RegistryConfig: { IndexConfigs: object } }
    expect(Object.keys(RegistryConfig.IndexConfigs)).toEqual(['docker.io'])
  })
})

describe('the engine', () => {
  test('is not running: reported, and nothing is changed', async () => {
    await rest.engine.shutDown()
    const before = state()
    const { answer } = await changed(added)
    const error = { code: 'daemon-file-engine-down', kind: 'system', state: 'untouched' }
    expect(answer).toEqual({ ok: false, error })
    expect(state()).toEqual(before)
    await rest.engine.restart()
    await engineHas()
  })

  test('dies while the file is swapped: put back, and it comes up without mirrors', async () => {
    const before = state()
    const steps: string[] = []
    const { helper } = await opened({
      onStep(step) {
        steps.push(step)
        if (step === 'backed-up') process.kill(rest.engine.pid, 'SIGKILL')
      },
    })
    const answer = await helper.change({ oldHash: hashOf(plain), newText: added })
    // It may have been told to reload before the signal came: then it is seen to be gone.
    const undone = answer.ok ? await helper.undo() : answer
    await helper.end()
    expect(undone).toMatchObject(
      answer.ok ? { value: 'restored' } : { error: { code: 'daemon-file-engine-down', state: 'restored' } },
    )
    expect(state()).toEqual(before)
    await rest.engine.restart()
    await engineHas()
  })

  test('dies before the change is undone: put back, and it comes up without mirrors', async () => {
    const before = state()
    const { helper } = await opened()
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
    await rest.engine.kill()
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(state()).toEqual(before)
    await rest.engine.restart()
    await engineHas()
  })

  test('hangs: the file is restored', { timeout: 120_000 }, async () => {
    const before = state()
    const { helper } = await opened({
      onStep: (step) => void (step === 'backed-up' && process.kill(rest.engine.pid, 'SIGSTOP')),
    })
    const answer = await helper.change({ oldHash: hashOf(plain), newText: added })
    const undone = answer.ok ? await helper.undo() : undefined
    process.kill(rest.engine.pid, 'SIGCONT')
    await helper.end()
    expect([answer.ok, undone]).toEqual([true, { ok: true, value: 'restored' }])
    expect(state()).toEqual(before)
    await reloaded(rest.engine, [])
  })

  test('is another process by the number in its pid file: that one is left alone', async () => {
    const said = readFileSync(systemPaths.pid)
    const imposter = '/tmp/slipway-imposter/dockerd'
    mkdirSync('/tmp/slipway-imposter', { recursive: true })
    copyFileSync('/bin/sleep', imposter)
    const others: ChildProcess[] = [
      spawn('sleep', ['60']),
      // By name a dockerd, but a user's.
      spawn(imposter, ['60'], { uid: 65534 }),
    ]
    try {
      for (const { pid } of others) {
        writeFileSync(systemPaths.pid, String(pid))
        await refused({ code: 'daemon-file-engine-down', state: 'untouched' })
      }
      writeFileSync(systemPaths.pid, 'no number')
      await refused({ code: 'daemon-file-engine-down', state: 'untouched' })
      expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null])
    } finally {
      for (const other of others) other.kill()
      writeFileSync(systemPaths.pid, said)
      rmSync('/tmp/slipway-imposter', { recursive: true })
    }
  })
})
