import { describe, expect, test } from 'vitest'
import { isForeignProgram } from '../../../model/run/exit-cause.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { useRunner, valueOf, type Runner } from './runner.ts'

describe.each(matrix)('$title', (options) => {
  let runner: Runner
  useRunner(options, (opened) => ({ runner } = opened))

  test('a program that the kernel does not understand is recognised by how its container ended', async () => {
    const end = async (command: string) => {
      const { container } = await runner.start('box:1', { interactive: false, command })
      await eventually(() => runner.engine.live.containers().get(container)?.state === 'exited')
      const { exitCode, lines } = valueOf(await runner.calls['containers.exitReport'](container))
      return { exitCode, isForeign: isForeignProgram(exitCode, lines) }
    }
    expect(await end('no-program')).toMatchObject({ isForeign: true })
    expect(await end('sh -c "echo exec format error; exit 1"')).toEqual({ exitCode: 1, isForeign: false })
  })
})
