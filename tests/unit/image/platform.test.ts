import { expect, test } from 'vitest'
import { lacksPlatform } from '../../../model/image/platform.ts'

test.each([
  [['linux/amd64'], 'linux/arm64', true],
  [['linux/amd64', 'linux/386'], 'linux/arm64', true],
  [['windows/amd64'], 'linux/amd64', true],
  [['linux/arm64'], 'linux/arm/v7', true],
  [['linux/amd64'], 'linux/s390x', true],
  [['linux/amd64', 'linux/arm64'], 'linux/arm64', false],
  // The engine takes a variant that the processor can run.
  [['linux/arm/v6'], 'linux/arm/v7', false],
  [['linux/arm/v7'], 'linux/arm64', false],
  [['linux/amd64'], 'linux/amd64/v2', false],
  [['linux/386'], 'linux/amd64', false],
  // The platforms are unknown, or the engine's own is chosen.
  [[], 'linux/arm64', false],
  [['windows/amd64'], '', false],
])('a tag for %j lacks %j: %s', (platforms, chosen, lacks) => expect(lacksPlatform(platforms, chosen)).toBe(lacks))
