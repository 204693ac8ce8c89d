import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { textWithMirror, useSystemEngine, plainText } from './clean-engine.ts'
import { reloadMirrors } from './killed-helper.ts'
import { changeTo, changeFile, startHelper, readState } from './helper-tools.ts'

const setup = useSystemEngine('26.1')
const { expectMirrors, expectRefused } = setup

describe('the addresses in the new text', () => {
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
  ])('a mirror that the engine would refuse is refused: %s', async (invalid) => {
    const text = `{ "registry-mirrors": ["${invalid}"], "labels": ["x=y"] }\n`
    await expectRefused({ code: 'daemon-file-mirror-invalid', state: 'untouched' }, text)
  })

  test.each(['http://a.example', 'a.example:99999', 'a b', '10.0.0.0/99', '-x', 'a.example/'])(
    'an insecure registry that the engine would refuse is refused: %s',
    async (invalid) => {
      const text = `{ "insecure-registries": ["${invalid}"], "labels": ["x=y"] }\n`
      await expectRefused({ code: 'daemon-file-registry-invalid', registry: invalid, state: 'untouched' }, text)
    },
  )

  test('valid insecure registries are loaded by the engine, and an undo removes them', async () => {
    const text = `{ "insecure-registries": ["a.example:5000", "10.0.0.1:80", "B.example"], "labels": ["x=y"] }\n`
    const before = readState()
    const { answer, last } = await changeFile(text, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(readState()).toEqual(before)
    const { RegistryConfig } = (await setup.engine.docker.info()) as { RegistryConfig: { IndexConfigs: object } }
    expect(Object.keys(RegistryConfig.IndexConfigs)).toEqual(['docker.io'])
  })
})

describe('the engine', () => {
  test('is not running: the change is refused, and the file is not changed', async () => {
    await setup.engine.shutDown()
    const before = readState()
    const { answer } = await changeFile(textWithMirror)
    const error = {
      code: 'daemon-file-engine-down',
      start: expect.stringMatching(/^sudo .*docker/),
      state: 'untouched',
    }
    expect(answer).toEqual({ ok: false, error })
    expect(readState()).toEqual(before)
    await setup.engine.restart()
    await expectMirrors()
  })

  test('dies while the file is replaced: the file is restored, and the engine starts again without mirrors', async () => {
    const before = readState()
    const steps: string[] = []
    const { helper } = await startHelper({
      onStep(step) {
        steps.push(step)
        if (step === 'backed-up') process.kill(setup.engine.pid, 'SIGKILL')
      },
    })
    const answer = await helper.change(changeTo(plainText, textWithMirror))
    // If the helper asked the engine to reload before SIGKILL arrived, the change succeeds. Then it is undone.
    const undone = answer.ok ? await helper.undo() : answer
    await helper.end()
    expect(undone).toMatchObject(
      answer.ok ? { value: 'restored' } : { error: { code: 'daemon-file-engine-down', state: 'restored' } },
    )
    expect(readState()).toEqual(before)
    await setup.engine.restart()
    await expectMirrors()
  })

  test('dies before the change is undone: the file is restored, and the engine starts again without mirrors', async () => {
    const before = readState()
    const { helper } = await startHelper()
    expect(await helper.change(changeTo(plainText, textWithMirror))).toMatchObject({ ok: true })
    await setup.engine.kill()
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(readState()).toEqual(before)
    await setup.engine.restart()
    await expectMirrors()
  })

  test(
    'hangs during a change: the change is not confirmed, and an undo restores the file',
    { timeout: 120_000 },
    async () => {
      const before = readState()
      const { helper } = await startHelper({
        onStep: (step) => void (step === 'backed-up' && process.kill(setup.engine.pid, 'SIGSTOP')),
      })
      const answer = await helper.change(changeTo(plainText, textWithMirror))
      const undone = answer.ok ? await helper.undo() : undefined
      process.kill(setup.engine.pid, 'SIGCONT')
      await helper.end()
      expect(answer).toMatchObject({ ok: true, value: { confirmed: false, running: true } })
      expect(undone).toEqual({ ok: true, value: 'restored' })
      expect(readState()).toEqual(before)
      await reloadMirrors(setup.engine, [])
    },
  )

  test('has another process’s id in its pid file: that process gets no signal', async () => {
    const pidText = readFileSync(systemPaths.pid)
    const imposter = '/tmp/slipway-imposter/dockerd'
    mkdirSync('/tmp/slipway-imposter', { recursive: true })
    copyFileSync('/bin/sleep', imposter)
    const others: ChildProcess[] = [
      spawn('sleep', ['60']),
      // A process named dockerd that belongs to an ordinary user.
      spawn(imposter, ['60'], { uid: 65534 }),
    ]
    try {
      for (const { pid } of others) {
        writeFileSync(systemPaths.pid, String(pid))
        await expectRefused({ code: 'daemon-file-engine-down', state: 'untouched' })
      }
      writeFileSync(systemPaths.pid, 'no number')
      await expectRefused({ code: 'daemon-file-engine-down', state: 'untouched' })
      expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null])
    } finally {
      for (const other of others) other.kill()
      writeFileSync(systemPaths.pid, pidText)
      rmSync('/tmp/slipway-imposter', { recursive: true })
    }
  })
})
