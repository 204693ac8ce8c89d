/** Runs commands in parallel and reports each in one line; the output of a failed command is printed in full. */
import { spawn } from 'node:child_process'

export interface Step {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly output: string
}

export async function runSteps(steps: readonly Step[], concurrency = 2): Promise<Outcome[]> {
  const queue = [...steps]
  const outcomes: Outcome[] = []
  const worker = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) outcomes.push(await runStep(step))
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return outcomes
}

async function runStep({ name, command: [file, ...args] }: Step): Promise<Outcome> {
  const start = performance.now()
  const { code, output } = await capture(file, args)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${code === 0 ? '✓' : '✗'} ${name} ${seconds} s`)
  if (code !== 0) console.log(output)
  return { name, ok: code === 0, output }
}

function capture(file: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Runs a command that prints to this terminal. @returns whether it exited with code 0 */
export function runWithOutput(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}
