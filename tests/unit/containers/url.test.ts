import { expect, test } from 'vitest'
import { isLoopbackUrl } from '../../../model/containers/url.ts'

test.each([
  ['http://127.0.0.1:8080', true],
  ['https://127.0.0.2:8443', true],
  ['http://[::1]:80', true],
  ['http://192.168.1.5:80', false],
  ['http://build.example.com:80', false],
  ['http://127.0.0.1.example.com:80', false],
  ['http://127.0.0.1@example.com:80', false],
  ['http://127.0.0.1/@example.com:80', false],
  ['file://127.0.0.1:80', false],
])('%s leads to this computer: %s', (url, expected) => expect(isLoopbackUrl(url)).toBe(expected))
