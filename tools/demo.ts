/** The demo world beside the app: an engine with realistic images, gone when it is stopped or its starter dies. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Demo {
  readonly socket: string
  stop(): Promise<void>
}

export async function startDemo(): Promise<Demo> {
  const child = spawn(process.execPath, ['tools/world/main.ts', 'demo'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const socket = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`the demo world ended with ${code}`)))
  })
  return {
    socket,
    async stop() {
      // The world lives as long as its input.
      child.stdin.end()
      await ended
    },
  }
}
