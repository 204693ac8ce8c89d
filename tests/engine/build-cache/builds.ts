/** Builds by BuildKit, without an image to build on: each step is a record of the cache. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../../../tools/world/engine.ts'
import { programs } from '../../../tools/world/paths.ts'

/** Copies a file of each size, one step each. Newer commands need buildx for this; Debian 12's own does not. */
export function build(engine: Pick<Engine, 'socket'>, tag: string, sizes: readonly number[]): void {
  const context = mkdtempSync(join(tmpdir(), 'context-'))
  try {
    const steps = sizes.map((size, at) => {
      writeFileSync(join(context, `file${at}`), tag.repeat(Math.ceil(size / tag.length)).slice(0, size))
      return `COPY file${at} /`
    })
    writeFileSync(join(context, 'Dockerfile'), ['FROM scratch', ...steps, ''].join('\n'))
    execFileSync(join(programs('20.10'), 'docker'), ['build', '--quiet', '--tag', tag, context], {
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_BUILDKIT: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } finally {
    rmSync(context, { recursive: true })
  }
}

export interface ListedRecord {
  readonly ID: string
  readonly Size: number
  readonly InUse: boolean
  readonly Shared: boolean
  readonly Description: string
}

/** The records that the engine itself lists. */
export async function records({ docker }: Pick<Engine, 'docker'>): Promise<readonly ListedRecord[]> {
  const { BuildCache } = (await docker.df()) as { BuildCache: readonly ListedRecord[] | null }
  return BuildCache ?? []
}
