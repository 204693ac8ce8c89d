/** Builds images with BuildKit, and lists the records of its cache. Each step of a build becomes a record. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../../../tools/world/engine.ts'
import { programs } from '../../../tools/world/paths.ts'

/**
 * Builds an image with one COPY step for each size in bytes. Uses docker 20.10, since newer docker commands need
 * buildx.
 */
export function build(engine: Pick<Engine, 'socket'>, tag: string, sizes: readonly number[]): void {
  const context = mkdtempSync(join(tmpdir(), 'context-'))
  try {
    const steps = sizes.map((size, index) => {
      writeFileSync(join(context, `file${index}`), tag.repeat(Math.ceil(size / tag.length)).slice(0, size))
      return `COPY file${index} /`
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

/** Reads the records of the build cache from the engine. */
export async function records({ docker }: Pick<Engine, 'docker'>): Promise<readonly ListedRecord[]> {
  const { BuildCache } = (await docker.df()) as { BuildCache: readonly ListedRecord[] | null }
  return BuildCache ?? []
}
