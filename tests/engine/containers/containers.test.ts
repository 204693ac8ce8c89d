import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defaultRunOptions, type RunOptions } from '../../../model/run/run.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { matrix, missingEngines } from '../matrix.ts'
import { useRunner, valueOf, type Runner } from '../run/runner.ts'
import { eventually } from '../eventually.ts'

for (const name of missingEngines) test.skip(`${name}: this engine is not installed on this machine`, () => {})

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let runner: Runner
  useRunner({ ...options, network: true }, (opened) => void ({ engine, runner } = opened))

  const containers = async () => (await engine.docker.listContainers({ all: true })).map(({ Names }) => Names[0])
  /** Waits until the app has the container in its list. */
  const waitUntilListed = (name: string) =>
    eventually(() => [...runner.engine.live.containers().values()].some((container) => container.name === name))

  test('a web image runs on a free port of localhost only, and its page can be opened', async () => {
    const { options, volumes } = await runner.suggest('web:1')
    expect(options).toEqual({
      ...defaultRunOptions(runner.imageOf('web:1'), 'web:1'),
      ...{ interactive: false, name: 'web', ports: [{ host: '127.0.0.1:8080', container: '80/tcp' }] },
    })
    expect(volumes).toEqual(['/data'])
    const { container, terminal } = await runner.start('web:1', options)
    expect(terminal).toBeUndefined()
    const [url, ...others] = valueOf(await runner.calls['containers.addresses'](container))
    expect([url, ...others]).toEqual(['http://127.0.0.1:8080'])
    await eventually(() => fetch(url!).then((response) => response.ok, () => false)) // prettier-ignore
    expect(await (await fetch(url!)).text()).toContain('Hello from the web image')
    expect(await runner.calls['containers.openPage']({ container, url: url! })).toMatchObject({ ok: true })
    expect(await runner.calls['containers.openPage']({ container, url: 'http://127.0.0.1:1' })).toMatchObject({
      error: { code: 'bad-input' },
    })
    expect(runner.openedUrls).toEqual([url])

    // The next container gets another name and another port.
    await waitUntilListed('web')
    const again = (await runner.suggest('web:2')).options
    expect([again.name, again.ports]).toEqual(['web-2', [{ host: '127.0.0.1:8081', container: '80/tcp' }]])
  })

  test('before a page at another address than this computer’s own is opened, the user is asked', async () => {
    const networks = await engine.docker.listNetworks()
    const gateway = networks.flatMap(({ IPAM }) => IPAM?.Config ?? []).find(({ Gateway }) => Gateway)?.['Gateway']
    const { options } = await runner.suggest('web:1')
    const published = { ...options, ports: [{ host: `${gateway}:8085`, container: '80/tcp' }] }
    const { container } = await runner.start('web:1', published)
    const [url = ''] = valueOf(await runner.calls['containers.addresses'](container))
    expect(url).toBe(`http://${gateway}:8085`)
    const opened = [...runner.openedUrls]
    expect(await runner.calls['containers.openPage']({ container, url })).toMatchObject({ ok: true })
    expect(runner.askedUrls).toEqual([url])
    expect(runner.openedUrls).toEqual(opened)
  })

  test('a shell of the image is suggested as the command if the image has no entry point and no port', async () => {
    expect((await runner.suggest('box:1')).options).toMatchObject({ interactive: true, command: '/bin/bash' })
    expect((await runner.suggest('plain-shell:1')).options.command).toBe('/bin/sh')
    expect((await runner.suggest('scratch:1')).options).toMatchObject({ interactive: true, command: '' })
    expect(await runner.suggest('greeter:1')).toMatchObject({
      options: { command: '' },
      entrypoint: ['/entrypoint.sh'],
      command: ['echo', 'hello'],
      networks: ['bridge', 'host', 'none'],
      engineFlags: [],
    })
    expect((await runner.suggest('box:1')).environment).toContain('FROM_IMAGE=yes')
    expect((await runner.suggest('for-arm:1')).platform).toEqual({ image: 'linux/arm64/v8', engine: 'linux/amd64' })
    // The temporary containers that inspected the images are gone, and the window never showed them.
    expect(await containers()).toEqual([])
    expect(runner.changes.flatMap(({ containers }) => containers).map(({ name }) => name)).not.toContainEqual(
      expect.stringContaining('slipway-probe'),
    )
  })

  test('a container name that is in use is refused, and a free one is suggested', async () => {
    await runner.start('box:1', { name: 'mine', interactive: false, command: 'hold' })
    const taken = { code: 'container-name-taken', field: 'name', name: 'mine', suggestion: 'mine-2' }
    expect(await runner.failureOf('box:1', { name: 'mine' })).toEqual(taken)
    await waitUntilListed('mine')
    expect(await runner.failureOf('box:1', { name: 'mine' })).toEqual(taken)
    expect(await runner.failureOf('box:1', { name: 'my own' })).toMatchObject({ code: 'run-fault', field: 'name' })
  })

  test('a port that another container or program uses is refused, and the next free one is suggested', async () => {
    // Below the range of ephemeral ports, so the port after it is free.
    const port = 8650
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const publish = (host: string, name: string) => ({
      ...{ interactive: false, command: 'hold', name, network: '' },
      ports: [{ host, container: '80' }],
    })
    const states = async (...ports: { host: string; container: string }[]) =>
      valueOf(await runner.calls['run.ports'](ports))
    const state = async (host: string) => (await states({ host, container: '80' }))[0]
    try {
      await runner.start('box:1', publish('127.0.0.1:8600', 'first'))
      for (const host of ['127.0.0.1:8600', '8600']) {
        const next = host.replace('8600', '8601')
        expect(await runner.failureOf('box:1', publish(host, 'second'))).toEqual({
          ...{ code: 'port-taken', field: 'ports', row: 0, port: host, next },
        })
        expect(await state(host)).toEqual({ state: 'taken', by: 'first', next })
      }
      const refused = await runner.failureOf('box:1', publish(`127.0.0.1:${port}`, 'second'))
      expect(refused).toMatchObject({ code: 'port-taken', field: 'ports', row: 0, port: `127.0.0.1:${port}` })
      expect(await state(`127.0.0.1:${port}`)).toEqual({ state: 'taken', next: `127.0.0.1:${port + 1}` })
      expect(await state('127.0.0.1:8602')).toEqual({ state: 'free' })
      expect(await state('no port')).toEqual({ state: 'unknown' })
      expect(await states({ host: '8600', container: '80/udp' }, { host: '8600', container: '80/tcp' })).toEqual([
        { state: 'free' },
        { state: 'taken', by: 'first', next: '8601' },
      ])
      // Slipway removed the container that could not start, so the name `second` is free again.
      expect(await containers()).toEqual(['/first'])
      const { next = '' } = refused as { next?: string }
      await runner.start('box:1', publish(next, 'second'))
    } finally {
      server.close()
    }
  })

  test('a command that does not exist or cannot be run is refused, and a shell of the image is suggested', async () => {
    const missing = (command: string, next?: string) => ({
      ...{ code: 'command-missing', field: 'command', command },
      ...(next !== undefined && { next }),
    })
    const failureOf = (image: string, command: string) => runner.failureOf(image, { name: 'tried', command })
    expect(await failureOf('plain-shell:1', '/bin/bash')).toEqual(missing('/bin/bash', '/bin/sh'))
    expect(await failureOf('box:1', 'no such thing')).toEqual(missing('no', '/bin/bash'))
    expect(await failureOf('box:1', '/etc')).toEqual(missing('/etc', '/bin/bash'))
    expect(await failureOf('box:1', '/etc/passwd/x')).toEqual(missing('/etc/passwd/x', '/bin/bash'))
    expect(await failureOf('scratch:1', '/bin/bash')).toEqual(missing('/bin/bash'))
    expect(await failureOf('scratch:1', 'sh')).toEqual(missing('sh'))
    expect(await failureOf('no-command:1', '')).toEqual(missing(''))
    // If the entry point is missing, no shell is suggested: it would only become an argument of the entry point.
    expect(await failureOf('no-entry-point:1', '')).toEqual(missing('/entrypoint.sh'))
    expect(await runner.failureOf('box:1', { command: '/bin/nothing', removeAtEnd: true })).toMatchObject(missing('/bin/nothing')) // prettier-ignore
    await eventually(async () => (await containers()).length === 0)
  })

  test('an image for another CPU architecture is refused, with and without a terminal', async () => {
    const platform = { code: 'image-platform', field: 'reference', platform: 'linux/arm64', engine: 'linux/amd64' }
    expect(await runner.failureOf('for-arm:1', { name: 'arm' })).toEqual(platform)
    expect(await runner.failureOf('for-arm:1', { name: 'arm', interactive: false })).toEqual(platform)
    expect(await runner.failureOf('for-arm:1', { interactive: false, removeAtEnd: true })).toEqual(platform)
    // With these restart policies, the engine would try to restart the container forever.
    expect(await runner.failureOf('for-arm:1', { interactive: false, restart: 'always' })).toEqual(platform)
    expect(await runner.failureOf('for-arm:1', { restart: 'on-failure' })).toEqual(platform)
    await eventually(async () => (await containers()).length === 0)
  })

  test('other errors of the engine are reported with the field that causes them', async () => {
    const failureOf = (overrides: Partial<RunOptions>) => runner.failureOf('box:1', { command: 'hold', ...overrides })
    const volume = (source: string, target = '/x') => ({ volumes: [{ source, target, readOnly: false }] })
    expect(await failureOf(volume('/no/such folder'))).toEqual({
      ...{ code: 'mount-missing', field: 'volumes', row: 0, source: '/no/such folder' },
    })
    // The engine would create a missing folder that gets an SELinux label.
    const labelled = { source: '/no/such folder', target: '/x', readOnly: false, selinuxLabel: true }
    expect(await failureOf({ volumes: [labelled] })).toMatchObject({ code: 'mount-missing', row: 0 })
    expect(await failureOf({ volumes: [{ ...labelled, source: '/etc' }] })).toMatchObject({ code: 'run-fault' })
    expect(await failureOf({ network: 'nowhere' })).toEqual({
      ...{ code: 'network-unknown', field: 'network', network: 'nowhere' },
    })
    expect(await failureOf({ network: 'container:nobody' })).toMatchObject({ code: 'network-unknown' })
    expect(await failureOf({ user: 'nobody-here' })).toEqual({
      ...{ code: 'user-unknown', field: 'user', user: 'nobody-here' },
    })
    expect(await failureOf({ user: 'root:nobody-here' })).toMatchObject({ code: 'user-unknown' })
    expect(await failureOf({ user: '99999999999' })).toMatchObject({ code: 'run-refused', field: 'user' })
    expect(await failureOf({ cpus: '1000' })).toMatchObject({ code: 'run-refused', field: 'cpus' })
    expect(await failureOf({ workdir: '/etc/passwd' })).toMatchObject({ code: 'run-refused', field: 'workdir' })
    const elsewhere = { network: '', ports: [{ host: '10.99.99.99:8700', container: '80' }] }
    expect(await failureOf(elsewhere)).toMatchObject({ code: 'run-refused', field: 'ports' })
    expect(await failureOf(volume('/etc', '/etc/passwd/x'))).toMatchObject({ field: 'volumes' })
    expect(await containers()).toEqual([])
  })

  test('an image is not run if its tag has moved since the dialog was opened, or if the image is gone', async () => {
    const image = runner.imageOf('web:1')
    const moved = { code: 'reference-moved', field: 'reference', reference: 'box:1' }
    expect(await runner.failureOf('box:1', { image })).toEqual(moved)
    const gone = `sha256:${'0'.repeat(64)}`
    expect(await runner.failureOf('box:1', { image: gone })).toEqual({ code: 'image-gone', image: gone })
    expect(await runner.calls['run.suggest']({ image: gone, reference: 'box:1' })).toEqual({
      ...{ ok: false, error: { code: 'image-gone', image: gone } },
    })
  })

  test('a container can be stopped and started, and is removed with exactly the volumes that the user confirmed', async () => {
    const { container } = await runner.start('web:1', {
      ...{ interactive: false, name: 'lost', command: 'sh -c "dd if=/dev/zero of=/zeros bs=1000 count=50; exec hold"' },
      volumes: [{ source: 'kept', target: '/kept', readOnly: false }],
    })
    const readImpact = async () => valueOf(await runner.calls['containers.removalImpact'](container))
    await eventually(async () => (await readImpact()).changes >= 50_000)
    const impact = await readImpact()
    expect(impact).toMatchObject({ running: true, removesItself: false })
    expect(impact.volumes).toHaveLength(1)

    const remove = (volumes: readonly string[]) =>
      runner.calls['containers.remove']({ container, volumes: [...volumes] })
    expect(await remove(impact.volumes)).toEqual({ ok: false, error: { code: 'container-running' } })
    expect(await runner.calls['containers.start'](container)).toMatchObject({ ok: true })
    expect(await runner.calls['containers.stop'](container)).toMatchObject({ ok: true })
    expect(await remove([])).toEqual({ ok: false, error: { code: 'container-changed' } })
    expect(await remove(impact.volumes)).toMatchObject({ ok: true })
    expect(await remove(impact.volumes)).toEqual({ ok: false, error: { code: 'container-gone' } })
    const { Volumes } = await engine.docker.listVolumes()
    expect(Volumes.map(({ Name }) => Name)).toEqual(['kept'])
    await engine.docker.getVolume('kept').remove()
  }, 60_000)

  test('an anonymous volume that another container also uses is not removed', async () => {
    const { container } = await runner.start('web:1', { interactive: false, command: 'hold' })
    const [name] = valueOf(await runner.calls['containers.removalImpact'](container)).volumes
    const other = await engine.docker.createContainer({
      Image: 'box:1',
      HostConfig: { VolumesFrom: [container], NetworkMode: 'none' },
    })
    expect(valueOf(await runner.calls['containers.removalImpact'](container)).volumes).toEqual([])
    await engine.docker.getContainer(container).stop({ t: 0 })
    expect(await runner.calls['containers.remove']({ container, volumes: [] })).toMatchObject({ ok: true })
    expect((await engine.docker.listVolumes()).Volumes.map(({ Name }) => Name)).toEqual([name])
    await other.remove({ v: true })
    for (const { Name } of (await engine.docker.listVolumes()).Volumes) await engine.docker.getVolume(Name).remove()
  }, 60_000)
})
