/** Dockerfile steps for the demo's images, and how the images' ages and sizes are computed. */
import type { Step } from '../layers.ts'

export interface DemoScale {
  daysAgo(days: number): Date
  /** Converts megabytes of the real image to bytes of the demo image. */
  MB(megabytes: number): number
}

export const demoScale = (now: Date, scale: number): DemoScale => ({
  daysAgo: (days) => new Date(now.getTime() - days * 86_400_000),
  MB: (megabytes) => Math.round(megabytes * 1_000_000 * scale),
})

/** A RUN step, as BuildKit writes it into the history. */
export const runStep = (command: string, bytes: number, files?: Step['files']): Step => ({
  instruction: `RUN /bin/sh -c ${command} # buildkit`,
  bytes,
  ...(files && { files }),
})

/** A COPY step. If the source lists several files, `name` is the only one that the image contains. */
export function copyStep(source: string, folder: string, content: string, bytes: number, name = source): Step {
  const target = folder === '' ? '/' : `/${folder}/`
  return { instruction: `COPY ${source} ${target} # buildkit`, bytes, files: { [target.slice(1) + name]: content } }
}

/** A step that changes only the config and creates no layer. */
export const configStep = (instruction: string): Step => ({ instruction })
