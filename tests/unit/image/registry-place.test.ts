import { expect, test } from 'vitest'
import { isLoopback, registryPlace } from '../../../model/image/registry-place.ts'

test('a repository lies at its registry, Docker Hub’s at a host of another name', () => {
  const hub = { registry: 'docker.io', host: 'registry-1.docker.io' }
  expect(registryPlace('nginx')).toEqual({ ...hub, path: 'library/nginx' })
  expect(registryPlace('team/x')).toEqual({ ...hub, path: 'team/x' })
  expect(registryPlace('docker.io/team/x')).toEqual({ ...hub, path: 'team/x' })
  expect(registryPlace('ghcr.io/a/b/c')).toEqual({ registry: 'ghcr.io', host: 'ghcr.io', path: 'a/b/c' })
  expect(registryPlace('localhost:5000/x')).toEqual({ registry: 'localhost:5000', host: 'localhost:5000', path: 'x' })
})

test('only localhost and loopback addresses are this computer', () => {
  const here = ['localhost', 'LOCALHOST:5000', '127.0.0.1', '127.9.8.7:1', '[::1]:5000']
  const elsewhere = ['127.0.0.1.example', 'localhost.example', '10.0.0.1', 'example:127', '127.0.0', '']
  expect(here.filter((host) => !isLoopback(host))).toEqual([])
  expect(elsewhere.filter(isLoopback)).toEqual([])
})
