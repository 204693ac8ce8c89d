import { expect, test } from 'vitest'
import { registryOf } from '../../../model/image/provenance.ts'

test.each([
  ['nginx:1.27', 'docker.io'],
  ['team/api', 'docker.io'],
  ['ghcr.io/a/b:1', 'ghcr.io'],
  ['localhost/a:1', 'localhost'],
  ['registry:5000/a@sha256:0', 'registry:5000'],
])('%s is from the registry %s', (reference, registry) => expect(registryOf(reference)).toBe(registry))
