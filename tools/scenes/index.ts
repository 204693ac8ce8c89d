/** All scenes: every screen in each of its states. */
import { connectScenes } from './connect.ts'
import { daemonConfigScenes } from './daemon-config.ts'
import { discoverScenes } from './discover.ts'
import { environmentScenes } from './environment.ts'
import { engineScenes } from './engine.ts'
import { failureScenes } from './failures.ts'
import { imageScenes } from './image.ts'
import { mirrorScenes } from './mirror.ts'
import { registryScenes } from './registry.ts'
import { runScenes } from './run.ts'
import type { Scene } from './scene.ts'
import { terminalScenes } from './terminal.ts'

export const scenes: readonly Scene[] = [
  ...imageScenes,
  ...discoverScenes,
  ...registryScenes,
  ...mirrorScenes,
  ...daemonConfigScenes,
  ...runScenes,
  ...terminalScenes,
  ...environmentScenes,
  ...engineScenes,
  ...connectScenes,
  ...failureScenes,
]
