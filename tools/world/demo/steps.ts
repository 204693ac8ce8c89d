/** How the demo's images are measured: in days before today, and in a part of their true size. */
import type { Step } from '../layers.ts'

export interface DemoScale {
  daysAgo(days: number): Date
  /** Megabytes of the true image, as bytes of the demo's. */
  MB(size: number): number
}

export const demoScale = (now: Date, scale: number): DemoScale => ({
  daysAgo: (days) => new Date(now.getTime() - days * 86_400_000),
  MB: (size) => Math.round(size * 1_000_000 * scale),
})

/** RUN, as BuildKit writes it into the history. */
export const run = (command: string, bytes: number, files?: Step['files']): Step => ({
  instruction: `RUN /bin/sh -c ${command} # buildkit`,
  bytes,
  ...(files && { files }),
})

/** COPY of one file (or of several, of which only the named one is there). */
export function copy(source: string, folder: string, content: string, bytes: number, name = source): Step {
  const to = folder === '' ? '/' : `/${folder}/`
  return { instruction: `COPY ${source} ${to} # buildkit`, bytes, files: { [to.slice(1) + name]: content } }
}

/** A line that sets something and makes no layer. */
export const setting = (instruction: string): Step => ({ instruction })
