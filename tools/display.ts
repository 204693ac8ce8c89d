/** The X display to use: the user's, or a virtual one. */
import { spawn } from 'node:child_process'

export interface Display {
  readonly virtual: boolean
  readonly env: NodeJS.ProcessEnv
  close(): void
}

export async function openDisplay({
  virtual = !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'],
} = {}): Promise<Display> {
  if (!virtual) return { virtual, env: {}, close() {} }
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const number = await new Promise<string>((resolve, reject) => {
    server.stdio[3]!.once('data', (data) => resolve(String(data).trim()))
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`Xvfb exited with code ${code}`)))
  })
  return { virtual, env: { DISPLAY: `:${number}`, WAYLAND_DISPLAY: '' }, close: () => void server.kill() }
}
