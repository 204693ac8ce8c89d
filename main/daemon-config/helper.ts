/**
 * The helper's client, root's or the user's own: a conversation with it, from the password to the last word.
 *
 * What was changed and not kept is put back by the helper when the conversation ends, however it ends.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as v from 'valibot'
import { fail, ok, type DaemonFileFailure, type DaemonFileState, type Result } from '../../preload/contract/index.ts'
import { failureOf } from './helper-failures.ts'
import * as lines from './helper-lines.ts'

export type { Backup, Changed, DaemonFile, HelperStep } from './helper-lines.ts'

type Answer<T> = Promise<Result<T, DaemonFileFailure>>

export interface Helper {
  /** What the helper's start has put back, of a change that a crash had cut. */
  readonly recovered: DaemonFileState | undefined
  read(): Answer<lines.DaemonFile>
  /** The texts that once stood in the file, the newest first. */
  history(): Answer<readonly lines.Backup[]>
  /** Puts a text in the place of the one with `oldHash` (undefined: of no file). Then `keep` it or `undo` it. */
  change(wish: { readonly oldHash: string | undefined; readonly newText: string }): Answer<lines.Changed>
  /** Puts a backup in the file's place, whatever is there. Then `keep` it or `undo` it. */
  restore(wish: { readonly oldHash: string | undefined; readonly hash: string }): Answer<lines.Changed>
  keep(): Answer<void>
  /** Tells what became of it: `restored`, or why not. */
  undo(): Answer<DaemonFileState>
  /** Ends the conversation, and waits until the helper is gone. What is not kept is put back. */
  end(): Promise<void>
}

export interface HelperWish {
  /** Told at each step, as it is done. */
  readonly onStep?: (step: lines.HelperStep) => void
  /** Aborted where the user no longer wants it: closes the question, and puts back what was not kept. */
  readonly signal?: AbortSignal
  /** What starts the helper: root's, unless another is named. */
  readonly command?: readonly [string, ...string[]]
  /** By default that of this process. Root's helper reads none. */
  readonly env?: Environment
}

type Environment = Readonly<Record<string, string | undefined>>

export const helperFile = '/usr/lib/slipway/slipway-daemon-file'

// The internal agent would ask for the password on a terminal that nobody sees.
const usual = ['/usr/bin/pkexec', '--disable-internal-agent', helperFile] as const

/** Whether the helper is there to be asked: not in an AppImage, nor where there is no polkit. */
export const helperInstalled = (): boolean => existsSync(helperFile) && existsSync(usual[0])

const python = '/usr/bin/python3'

/** Who changes a daemon.json of this user's own: the same helper, as the user, who is asked for no password. */
export interface OwnHelper {
  readonly open: (wish: HelperWish) => Answer<Helper>
  /** Whether it can be started. */
  installed(): boolean
}

/** By its program, which comes with the app. Where the file is, it finds by the environment. */
export function ownHelper(program: string, env: Environment): OwnHelper {
  // What is in the archive can be read by the app alone (electron-builder.yml, asarUnpack).
  const file = program.replace(/\bapp\.asar(?=\/)/, 'app.asar.unpacked')
  const installed = () => existsSync(python) && existsSync(file)
  return {
    installed,
    open: async (wish) =>
      installed()
        ? openHelper({ command: [python, '-IS', file], env, ...wish })
        : fail({ code: 'helper-missing', file: existsSync(python) ? file : python }),
  }
}

/** Starts the helper; the desktop asks for a password, which may take its time. */
export async function openHelper({
  onStep,
  signal,
  command = usual,
  env = process.env,
}: HelperWish = {}): Answer<Helper> {
  if (command === usual && !helperInstalled()) return fail({ code: 'helper-missing', file: helperFile })
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', env })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = `${stderr}${text}`.slice(-2_000)))
  child.stdin.on('error', () => {}) // it has ended, which is told below
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null)).on('close', (code) => resolve(code))
  })
  const end = async () => {
    child.stdin.end()
    await ended
  }
  const abort = () => {
    child.stdin.end()
    child.kill() // while it still asks for the password, it can be ended; afterwards it is root's
  }
  signal?.addEventListener('abort', abort)
  void ended.then(() => signal?.removeEventListener('abort', abort))
  if (signal?.aborted) abort()

  const replies = repliesOf(child.stdout, onStep)
  const gone = async (): Promise<{ ok: false; error: DaemonFileFailure }> =>
    fail({ code: 'helper-ended', detail: lastLine(stderr) || `exit ${(await ended) ?? '?'}` })

  const marker = lines.parse(lines.marker, await replies.next())
  if (!marker) {
    if (!signal?.aborted) child.stdin.end()
    return fail(notStarted(await ended, stderr))
  }
  if (marker.protocol !== lines.protocol) {
    await end()
    return fail({ code: 'helper-version', installed: marker.protocol, needed: lines.protocol })
  }
  const first = await replies.next()
  const ready = lines.parse(lines.ready, first)
  if (!ready) {
    await end()
    return lines.parse(lines.error, first) ? fail(failureOf(first)) : gone()
  }

  let turn: Promise<unknown> = Promise.resolve()
  /** One question after the other. */
  function ask<T>(question: object, answer: v.GenericSchema<unknown, T>): Answer<T> {
    const asked = turn.then(async () => {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const reply = await replies.next()
      if (reply === undefined) return gone()
      if (lines.parse(lines.error, reply)) return fail(failureOf(reply))
      const value = v.safeParse(answer, reply)
      if (value.success) return ok(value.output)
      await end()
      return fail({ code: 'daemon-file-fault', why: 'answer', state: 'unsure' } as const)
    })
    turn = asked
    return asked
  }

  return ok({
    recovered: ready.recovered ?? undefined,
    read: () => ask({ verb: 'read' }, lines.daemonFile),
    history: () => ask({ verb: 'history' }, lines.history),
    change: ({ oldHash = null, newText }: { oldHash?: string | null | undefined; newText: string }) =>
      ask({ verb: 'change', oldHash, newText }, lines.changed),
    restore: ({ oldHash = null, hash }: { oldHash?: string | null | undefined; hash: string }) =>
      ask({ verb: 'restore', oldHash, hash }, lines.changed),
    keep: () => ask({ verb: 'keep' }, lines.kept),
    undo: () => ask({ verb: 'undo' }, lines.undone),
    end,
  })
}

/** The lines that answer; steps are told as they come. Nothing, once it has ended. */
function repliesOf(output: NodeJS.ReadableStream, onStep: HelperWish['onStep']) {
  const all = createInterface({ input: output, crlfDelay: Infinity })[Symbol.asyncIterator]()
  return {
    async next(): Promise<unknown> {
      for (;;) {
        const { value, done } = await all.next()
        if (done) return undefined
        const line = json(value)
        const told = lines.parse(lines.step, line)
        if (!told) return line
        onStep?.(told.step)
      }
    },
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

/** pkexec's own codes: 126, the question was closed; 127, not allowed, or nothing that could ask. */
function notStarted(code: number | null, stderr: string): DaemonFileFailure {
  if (code === 126) return { code: 'helper-dismissed' }
  if (code === 127 && /no authentication agent/i.test(stderr)) return { code: 'helper-no-agent' }
  if (code === 127) return { code: 'helper-not-allowed' }
  return { code: 'helper-ended', detail: lastLine(stderr) || `exit ${code ?? '?'}` }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)!.slice(0, 300)
