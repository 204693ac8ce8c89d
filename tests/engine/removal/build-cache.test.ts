import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { programs } from '../../../tools/world/paths.ts'
import { openCleaner, taken } from './cleaner.ts'
import { matrix } from '../matrix.ts'

// Newer commands need buildx for this; the engines all build with BuildKit for Debian 12's own.
test.each(matrix)("$title: what BuildKit's cache may keep is promised as “up to”", async (wish) => {
  const engine = await startEngine(wish)
  const context = mkdtempSync(join(tmpdir(), 'context-'))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY big /\nENV A=b\nCOPY small /\n')
  writeFileSync(join(context, 'big'), 'b'.repeat(200_000))
  writeFileSync(join(context, 'small'), 's'.repeat(3_000))
  execFileSync(join(programs('20.10'), 'docker'), ['build', '--quiet', '--tag', 'built:1', context], {
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_BUILDKIT: '1' },
  })
  const cleaner = await openCleaner(engine)
  try {
    const kept = await cleaner.plan([{ image: cleaner.named('built:1').id }])
    const { frees, mayStay } = kept.plan
    expect(mayStay).toBeGreaterThan(0)
    const before = await taken(engine)
    expect(await cleaner.carryOut(kept)).toMatchObject({ state: 'done' })
    const freed = before - (await taken(engine))
    expect(freed).toBeGreaterThanOrEqual(frees.min)
    expect(freed).toBeLessThanOrEqual(frees.max)
  } finally {
    await cleaner.stop()
    await engine.stop()
    for (const folder of [context, cleaner.folder]) rmSync(folder, { recursive: true })
  }
})
