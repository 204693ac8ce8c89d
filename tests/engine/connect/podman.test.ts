import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadImages } from '../../../tools/world/images.ts'
import { startPodman } from '../../../tools/world/podman.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { eventually } from '../eventually.ts'
import { failureOf, openPuller, publishImages, randomImage, type Puller } from '../pull/puller.ts'
import { openRunner, type Runner } from '../run/runner.ts'

describe('Podman as the engine', () => {
  let podman: Awaited<ReturnType<typeof startPodman>>
  let registry: Registry
  let runner: Runner
  let puller: Puller

  beforeAll(async () => {
    registry = await startRegistry()
    podman = await startPodman({ insecureRegistries: [registry.host] })
    await publishImages(podman.docker, [randomImage(`${registry.host}/team/app:1`, [200_000, 3_000])])
    await loadImages(podman.docker, runnableImages())
    runner = await openRunner(podman)
    puller = await openPuller(podman)
  })
  afterAll(async () => {
    await puller?.stop()
    await runner?.stop()
    await podman?.stop()
    await registry?.stop()
  })

  test('is named, with its version', () => {
    expect(runner.engine.facts()).toMatchObject({ product: 'Podman', version: '4.3.1', store: 'classic' })
  })

  test('an image is pulled, with its progress, and a missing one is reported as such', async () => {
    const job = await puller.pull(`${registry.host}/team/app:1`)
    expect(failureOf(job)).toBeUndefined()
    expect(job).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
    const listed = () => [...runner.engine.live.images().values()].flatMap(({ references }) => references)
    await eventually(() => listed().includes(`${registry.host}/team/app:1`))
    expect(failureOf(await puller.pull(`${registry.host}/team/none:1`))).toMatchObject({ code: 'reference-unknown' })
  })

  test('a command runs, and its output and exit code are shown', async () => {
    const { terminal } = await runner.start('localhost/box:1', { command: 'sh -c "echo hello; exit 3"' })
    const screen = runner.window().show(terminal!)
    await screen.waitForText('hello')
    await eventually(() => runner.terminal(terminal!)?.state.status === 'ended')
    expect(runner.terminal(terminal!)?.state).toMatchObject({ exitCode: 3 })
  })

  test('a shell is opened in a running container', async () => {
    const { container } = await runner.start('localhost/box:1', { command: 'sleep 1000' })
    const shell = await runner.open(container, 'shell')
    const screen = runner.window().show(shell)
    runner.type(shell, 'echo sum is $((40 + 2))\n')
    await screen.waitForText('sum is 42')
    await runner.calls['terminals.close'](shell)
  })

  test('a program that does not exist, and a name that is taken, are reported at their fields', async () => {
    expect(await runner.failureOf('localhost/box:1', { command: 'no-such-program' })).toMatchObject({
      code: 'command-missing',
    })
    await runner.start('localhost/box:1', { name: 'taken', command: 'sleep 1000' })
    expect(await runner.failureOf('localhost/box:1', { name: 'taken', command: 'sleep 1' })).toMatchObject({
      code: 'container-name-taken',
    })
  })
})
