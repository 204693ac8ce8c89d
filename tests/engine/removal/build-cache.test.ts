import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { programs } from '../../../tools/world/paths.ts'
import { openRemovalApp, measureDiskUsage } from './removal-app.ts'
import { matrix } from '../matrix.ts'

// Uses Debian 12's docker command, which can build with BuildKit on every engine. Newer commands need buildx for that.
test.each(matrix)(
  "$title: the freed bytes are within the plan's range, although BuildKit's cache may keep some",
  async (engineOptions) => {
    const engine = await startEngine(engineOptions)
    const context = mkdtempSync(join(tmpdir(), 'context-'))
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY big /\nENV A=b\nCOPY small /\n')
    writeFileSync(join(context, 'big'), 'b'.repeat(200_000))
    writeFileSync(join(context, 'small'), 's'.repeat(3_000))
    execFileSync(join(programs('20.10'), 'docker'), ['build', '--quiet', '--tag', 'built:1', context], {
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_BUILDKIT: '1' },
    })
    const app = await openRemovalApp(engine)
    try {
      const storedPlan = await app.plan([{ image: app.findImage('built:1').id }])
      const { frees, maxRetained } = storedPlan.plan
      expect(maxRetained).toBeGreaterThan(0)
      const before = await measureDiskUsage(engine)
      expect(await app.executePlan(storedPlan)).toMatchObject({ state: 'done' })
      const freed = before - (await measureDiskUsage(engine))
      expect(freed).toBeGreaterThanOrEqual(frees.min)
      expect(freed).toBeLessThanOrEqual(frees.max)
    } finally {
      await app.stop()
      await engine.stop()
      for (const folder of [context, app.folder]) rmSync(folder, { recursive: true })
    }
  },
)
