/** All benchmarks, in the order in which they run. */
import { applyKills } from './apply-kills.ts'
import { bundle } from './bundle.ts'
import { filterPaint } from './filter-paint.ts'
import { freed } from './freed.ts'
import { groups } from './groups.ts'
import { idle } from './idle.ts'
import { layers } from './layers.ts'
import { list5000 } from './list-5000.ts'
import type { Benchmark } from './benchmark.ts'
import { memory } from './memory.ts'
import { outsideChange } from './outside-change.ts'
import { pull500 } from './pull-500.ts'
import { race20 } from './race-20.ts'
import { remove200 } from './remove-200.ts'
import { select5000 } from './select-5000.ts'
import { start } from './start.ts'
import { terminal10mb } from './terminal-10mb.ts'
import { terminalEcho } from './terminal-echo.ts'

export const benchmarks: readonly Benchmark[] = [
  bundle,
  start,
  list5000,
  filterPaint,
  groups,
  outsideChange,
  idle,
  memory,
  layers,
  freed,
  select5000,
  remove200,
  pull500,
  terminal10mb,
  terminalEcho,
  race20,
  applyKills,
]
export { json, line } from './benchmark.ts'
export { BenchEnvironment } from './environment.ts'
