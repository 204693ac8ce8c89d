import { expect, test } from 'vitest'
import { isLoopback, locateRepository } from '../../../model/image/registry-place.ts'

test('the host of a repository is its registry, except for Docker Hub, which has another host', () => {
  const hub = { registry: 'docker.io', host: 'registry-1.docker.io' }
  expect(locateRepository('nginx')).toEqual({ ...hub, path: 'library/nginx' })
  expect(locateRepository('team/x')).toEqual({ ...hub, path: 'team/x' })
  expect(locateRepository('docker.io/team/x')).toEqual({ ...hub, path: 'team/x' })
  expect(locateRepository('ghcr.io/a/b/c')).toEqual({ registry: 'ghcr.io', host: 'ghcr.io', path: 'a/b/c' })
  expect(locateRepository('localhost:5000/x')).toEqual({
    registry: 'localhost:5000',
    host: 'localhost:5000',
    path: 'x',
  })
})

test('only localhost and loopback addresses count as this computer', () => {
  const local = ['localhost', 'LOCALHOST:5000', '127.0.0.1', '127.9.8.7:1', '[::1]:5000']
  const remote = ['127.0.0.1.example', 'localhost.example', '10.0.0.1', 'example:127', '127.0.0', '']
  expect(local.filter((host) => !isLoopback(host))).toEqual([])
  expect(remote.filter(isLoopback)).toEqual([])
})
