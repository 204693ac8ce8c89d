import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // One window and one engine at a time: the machine may have two cores.
  workers: 1,
  fullyParallel: false,
})
