import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defaultRunOptions, type RunOptions } from '../../../model/run/run.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { matrix, missing } from '../matrix.ts'
import { runnerOn, value, type Runner } from '../run/runner.ts'
import { eventually } from '../eventually.ts'

for (const name of missing) test.skip(`${name}: this engine cannot be had on this machine`, () => {})

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let runner: Runner
  runnerOn({ ...wish, network: true }, (here) => void ({ engine, runner } = here))

  const containers = async () => (await engine.docker.listContainers({ all: true })).map(({ Names }) => Names[0])
  const known = (name: string) =>
    eventually(() => [...runner.engine.live.containers().values()].some((container) => container.name === name))

  test('a web image runs on a free port of this computer alone, and its page can be opened', async () => {
    const { wish, volumes } = await runner.suggested('web:1')
    expect(wish).toEqual({
      ...defaultRunOptions(runner.imageOf('web:1'), 'web:1'),
      ...{ interactive: false, name: 'web', ports: [{ host: '127.0.0.1:8080', container: '80/tcp' }] },
    })
    expect(volumes).toEqual(['/data'])
    const { container, terminal } = await runner.started('web:1', wish)
    expect(terminal).toBeUndefined()
    const [url, ...more] = value(await runner.calls['containers.addresses'](container))
    expect([url, ...more]).toEqual(['http://127.0.0.1:8080'])
    await eventually(() => fetch(url!).then((answer) => answer.ok, () => false)) // prettier-ignore
    expect(await (await fetch(url!)).text()).toContain('Hello from the web image')
    expect(await runner.calls['containers.openPage']({ container, url: url! })).toMatchObject({ ok: true })
    expect(await runner.calls['containers.openPage']({ container, url: 'http://127.0.0.1:1' })).toMatchObject({
      error: { code: 'bad-input' },
    })
    expect(runner.opened).toEqual([url])

    // The next one gets another name and another port.
    await known('web')
    const again = (await runner.suggested('web:2')).wish
    expect([again.name, again.ports]).toEqual(['web-2', [{ host: '127.0.0.1:8081', container: '80/tcp' }]])
  })

  test('a suggestion says what an image has: a shell, an entry point, nothing', async () => {
    expect((await runner.suggested('box:1')).wish).toMatchObject({ interactive: true, command: '/bin/bash' })
    expect((await runner.suggested('plain-shell:1')).wish.command).toBe('/bin/sh')
    expect((await runner.suggested('scratch:1')).wish).toMatchObject({ interactive: true, command: '' })
    expect(await runner.suggested('greeter:1')).toMatchObject({
      wish: { command: '' },
      entrypoint: ['/entrypoint.sh'],
      command: ['echo', 'hello'],
      networks: ['bridge', 'host', 'none'],
      reach: [],
    })
    expect((await runner.suggested('box:1')).environment).toContain('FROM_IMAGE=yes')
    expect((await runner.suggested('for-arm:1')).platform).toEqual({ image: 'linux/arm64/v8', engine: 'linux/amd64' })
    // What was made to look into them is gone, and was never shown.
    expect(await containers()).toEqual([])
    expect(runner.changes.flatMap(({ containers }) => containers).map(({ name }) => name)).not.toContainEqual(
      expect.stringContaining('slipway-probe'),
    )
  })

  test('a taken name is refused, with a free one as a suggestion', async () => {
    await runner.started('box:1', { name: 'mine', interactive: false, command: 'hold' })
    const taken = { code: 'container-name-taken', field: 'name', name: 'mine', suggestion: 'mine-2' }
    expect(await runner.refused('box:1', { name: 'mine' })).toEqual(taken)
    await known('mine')
    expect(await runner.refused('box:1', { name: 'mine' })).toEqual(taken)
    expect(await runner.refused('box:1', { name: 'my own' })).toMatchObject({ code: 'run-fault', field: 'name' })
  })

  test('a port that another container or a program uses is refused, with the next free one as a suggestion', async () => {
    // Below those that the system gives away by itself: the one after it is free.
    const port = 8650
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const publish = (host: string, name: string) => ({
      ...{ interactive: false, command: 'hold', name, network: '' },
      ports: [{ host, container: '80' }],
    })
    const state = async (host: string) => value(await runner.calls['run.port']({ host, container: '80' }))
    try {
      await runner.started('box:1', publish('127.0.0.1:8600', 'first'))
      for (const host of ['127.0.0.1:8600', '8600']) {
        const next = host.replace('8600', '8601')
        expect(await runner.refused('box:1', publish(host, 'second'))).toEqual({
          ...{ code: 'port-taken', field: 'ports', row: 0, port: host, next },
        })
        expect(await state(host)).toEqual({ state: 'taken', by: 'first', next })
      }
      const refused = await runner.refused('box:1', publish(`127.0.0.1:${port}`, 'second'))
      expect(refused).toMatchObject({ code: 'port-taken', field: 'ports', row: 0, port: `127.0.0.1:${port}` })
      expect(await state(`127.0.0.1:${port}`)).toEqual({ state: 'taken', next: `127.0.0.1:${port + 1}` })
      expect(await state('127.0.0.1:8602')).toEqual({ state: 'free' })
      expect(await state('no port')).toEqual({ state: 'unknown' })
      expect(value(await runner.calls['run.port']({ host: '8600', container: '80/udp' }))).toEqual({ state: 'free' }) // prettier-ignore
      // It was ours, and is removed: the same name can be tried again.
      expect(await containers()).toEqual(['/first'])
      const { next = '' } = refused as { next?: string }
      await runner.started('box:1', publish(next, 'second'))
    } finally {
      server.close()
    }
  })

  test('a program that is missing or none is refused, with a shell that is there', async () => {
    const missing = (command: string, next?: string) => ({
      ...{ code: 'command-missing', field: 'command', command },
      ...(next !== undefined && { next }),
    })
    const refused = (image: string, command: string) => runner.refused(image, { name: 'tried', command })
    expect(await refused('plain-shell:1', '/bin/bash')).toEqual(missing('/bin/bash', '/bin/sh'))
    expect(await refused('box:1', 'no such thing')).toEqual(missing('no', '/bin/bash'))
    expect(await refused('box:1', '/etc')).toEqual(missing('/etc', '/bin/bash'))
    expect(await refused('box:1', '/etc/passwd/x')).toEqual(missing('/etc/passwd/x', '/bin/bash'))
    expect(await refused('scratch:1', '/bin/bash')).toEqual(missing('/bin/bash'))
    expect(await refused('scratch:1', 'sh')).toEqual(missing('sh'))
    expect(await refused('no-command:1', '')).toEqual(missing(''))
    // Where the entry point is what is missing, a shell would only be told to it.
    expect(await refused('no-entry-point:1', '')).toEqual(missing('/entrypoint.sh'))
    expect(await runner.refused('box:1', { command: '/bin/nothing', removeAtEnd: true })).toMatchObject(missing('/bin/nothing')) // prettier-ignore
    await eventually(async () => (await containers()).length === 0)
  })

  test('an image for another processor is refused, run either way', async () => {
    const platform = { code: 'image-platform', field: 'reference', platform: 'linux/arm64', engine: 'linux/amd64' }
    expect(await runner.refused('for-arm:1', { name: 'arm' })).toEqual(platform)
    expect(await runner.refused('for-arm:1', { name: 'arm', interactive: false })).toEqual(platform)
    expect(await runner.refused('for-arm:1', { interactive: false, removeAtEnd: true })).toEqual(platform)
    // The engine would try again for ever.
    expect(await runner.refused('for-arm:1', { interactive: false, restart: 'always' })).toEqual(platform)
    expect(await runner.refused('for-arm:1', { restart: 'on-failure' })).toEqual(platform)
    await eventually(async () => (await containers()).length === 0)
  })

  test('other refusals of the engine are reported at their field', async () => {
    const refused = (more: Partial<RunOptions>) => runner.refused('box:1', { command: 'hold', ...more })
    const volume = (source: string, target = '/x') => ({ volumes: [{ source, target, readOnly: false }] })
    expect(await refused(volume('/no/such folder'))).toEqual({
      ...{ code: 'mount-missing', field: 'volumes', row: 0, source: '/no/such folder' },
    })
    expect(await refused({ network: 'nowhere' })).toEqual({
      ...{ code: 'network-unknown', field: 'network', network: 'nowhere' },
    })
    expect(await refused({ network: 'container:nobody' })).toMatchObject({ code: 'network-unknown' })
    expect(await refused({ user: 'nobody-here' })).toEqual({
      ...{ code: 'user-unknown', field: 'user', user: 'nobody-here' },
    })
    expect(await refused({ user: 'root:nobody-here' })).toMatchObject({ code: 'user-unknown' })
    expect(await refused({ user: '99999999999' })).toMatchObject({ code: 'run-refused', field: 'user' })
    expect(await refused({ cpus: '1000' })).toMatchObject({ code: 'run-refused', field: 'cpus' })
    expect(await refused({ workdir: '/etc/passwd' })).toMatchObject({ code: 'run-refused', field: 'workdir' })
    const elsewhere = { network: '', ports: [{ host: '10.99.99.99:8700', container: '80' }] }
    expect(await refused(elsewhere)).toMatchObject({ code: 'run-refused', field: 'ports' })
    expect(await refused(volume('/etc', '/etc/passwd/x'))).toMatchObject({ field: 'volumes' })
    expect(await containers()).toEqual([])
  })

  test('a tag that moved since the dialog was opened is not run, nor an image that is gone', async () => {
    const image = runner.imageOf('web:1')
    const moved = { code: 'reference-moved', field: 'reference', reference: 'box:1' }
    expect(await runner.refused('box:1', { image })).toEqual(moved)
    const gone = `sha256:${'0'.repeat(64)}`
    expect(await runner.refused('box:1', { image: gone })).toEqual({ code: 'image-gone', image: gone })
    expect(await runner.calls['run.suggest']({ image: gone, reference: 'box:1' })).toEqual({
      ...{ ok: false, error: { code: 'image-gone', image: gone } },
    })
  })

  test('a container is stopped, started, and removed with what the user was told of', async () => {
    const { container } = await runner.started('web:1', {
      ...{ interactive: false, name: 'lost', command: 'sh -c "dd if=/dev/zero of=/zeros bs=1000 count=50; exec hold"' },
      volumes: [{ source: 'kept', target: '/kept', readOnly: false }],
    })
    const loss = async () => value(await runner.calls['containers.loss'](container))
    await eventually(async () => (await loss()).changes >= 50_000)
    const told = await loss()
    expect(told).toMatchObject({ running: true, removesItself: false })
    expect(told.volumes).toHaveLength(1)

    const remove = (volumes: readonly string[]) =>
      runner.calls['containers.remove']({ container, volumes: [...volumes] })
    expect(await remove(told.volumes)).toEqual({ ok: false, error: { code: 'container-running' } })
    expect(await runner.calls['containers.start'](container)).toMatchObject({ ok: true })
    expect(await runner.calls['containers.stop'](container)).toMatchObject({ ok: true })
    expect(await remove([])).toEqual({ ok: false, error: { code: 'container-moved' } })
    expect(await remove(told.volumes)).toMatchObject({ ok: true })
    expect(await remove(told.volumes)).toEqual({ ok: false, error: { code: 'container-gone' } })
    const { Volumes } = await engine.docker.listVolumes()
    expect(Volumes.map(({ Name }) => Name)).toEqual(['kept'])
    await engine.docker.getVolume('kept').remove()
  }, 60_000)

  test('a volume that another container has is not lost', async () => {
    const { container } = await runner.started('web:1', { interactive: false, command: 'hold' })
    const [name] = value(await runner.calls['containers.loss'](container)).volumes
    const other = await engine.docker.createContainer({
      Image: 'box:1',
      HostConfig: { VolumesFrom: [container], NetworkMode: 'none' },
    })
    expect(value(await runner.calls['containers.loss'](container)).volumes).toEqual([])
    await engine.docker.getContainer(container).stop({ t: 0 })
    expect(await runner.calls['containers.remove']({ container, volumes: [] })).toMatchObject({ ok: true })
    expect((await engine.docker.listVolumes()).Volumes.map(({ Name }) => Name)).toEqual([name])
    await other.remove({ v: true })
    for (const { Name } of (await engine.docker.listVolumes()).Volumes) await engine.docker.getVolume(Name).remove()
  }, 60_000)
})
