/**
 * The client of the helper, which runs as root or as this user. One process of the helper serves all requests, from the
 * password dialog to `end`. Before the helper exits, it undoes a change that was not kept; if the helper is killed, its
 * next start undoes the change.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as v from 'valibot'
import { fail, ok, type DaemonFileFailure, type DaemonFileState, type Result } from '../../preload/contract/index.ts'
import { toFailure } from './helper-failures.ts'
import * as lines from './helper-lines.ts'

export type { Backup, ByteEdit, Changed, DaemonFile, HelperStep } from './helper-lines.ts'

type Answer<T> = Promise<Result<T, DaemonFileFailure>>

export interface Helper {
  /**
   * The state of the file after the helper, at its start, undid an interrupted change; undefined if there was none.
   */
  readonly recovered: DaemonFileState | undefined
  read(): Answer<lines.DaemonFile>
  /** Earlier texts of the file, newest first. */
  history(): Answer<readonly lines.Backup[]>
  /**
   * Edits the text that has `oldHash` (undefined: no file yet). The edits are in the order of the file and do not overlap.
   * Call `keep` or `undo` afterwards.
   */
  change(request: {
    readonly oldHash: string | undefined
    readonly edits: readonly lines.ByteEdit[]
  }): Answer<lines.Changed>
  /**
   * Replaces a text that Docker cannot read by one that differs only in white space and punctuation. Docker may be down.
   * Call `keep` or `undo` afterwards.
   */
  mend(request: { readonly oldHash: string | undefined; readonly newText: string }): Answer<lines.Changed>
  /**
   * Replaces the whole file, which must not be JSON, with a backup. Needs `restoresWhole`. Call `keep` or `undo` afterwards.
   */
  restore(request: { readonly oldHash: string | undefined; readonly hash: string }): Answer<lines.Changed>
  keep(): Answer<void>
  /**
   * @returns the state of the file afterwards: `restored`, or another state if the previous text could not be restored
   */
  undo(): Answer<DaemonFileState>
  /** Waits until the helper has undone a change that was not kept, and has exited. */
  end(): Promise<void>
}

export interface HelperOptions {
  /** Called after each step. `validated`: with `checked`, whether dockerd itself found the file valid. */
  readonly onStep?: (step: lines.HelperStep, validated?: boolean) => void
  /** Abort to close the password dialog and undo a change that was not kept. */
  readonly signal?: AbortSignal
  /** Starts root's program that replaces the whole file. A rootless user's helper is one program for everything. */
  readonly restoresWhole?: boolean
  /** The command that starts the helper; by default the one that runs it as root. */
  readonly command?: readonly [string, ...string[]]
  /** By default the environment of this process. The helper reads none of it when it runs as root. */
  readonly env?: Environment
}

type Environment = Readonly<Record<string, string | undefined>>

export const helperFile = '/usr/lib/slipway/slipway-daemon-file'
/** Root's program that replaces the whole file. Its password prompt says so. */
export const restoreHelperFile = `${helperFile}-restore`

const pkexec = '/usr/bin/pkexec'
// pkexec's internal agent would ask for the password on a terminal that the user cannot see.
const asRoot = (program: string) => [pkexec, '--disable-internal-agent', program] as const

/** Whether the helper can be run as root. This is impossible from an AppImage or without polkit. */
export const helperInstalled = (program = helperFile): boolean => existsSync(program) && existsSync(pkexec)

const python = '/usr/bin/python3'

/** The helper run as this user, without a password, for a rootless Docker's daemon.json. */
export interface UserHelper {
  readonly open: (options: HelperOptions) => Answer<Helper>
  /** Whether the helper can be started. */
  isInstalled(): boolean
}

/** @param program the helper's Python file, which ships with the app; the helper finds daemon.json through `env` */
export function userHelper(program: string, env: Environment): UserHelper {
  // Python cannot read inside the asar archive (electron-builder.yml, asarUnpack).
  const file = program.replace(/\bapp\.asar(?=\/)/, 'app.asar.unpacked')
  const isInstalled = () => existsSync(python) && existsSync(file)
  return {
    isInstalled,
    open: async (options) =>
      isInstalled()
        ? openHelper({ command: [python, '-IS', file], env, ...options })
        : fail({ code: 'helper-missing', file: existsSync(python) ? file : python }),
  }
}

let isAskingForPassword = false

/**
 * Starts the helper. Resolves after the user has answered the password dialog, so there is no timeout. Fails with
 * `helper-busy` while another password dialog is open: a page cannot cover the screen with them.
 */
export async function openHelper(options: HelperOptions = {}): Answer<Helper> {
  if (options.command) return startHelper(options.command, options)
  const program = options.restoresWhole ? restoreHelperFile : helperFile
  if (!helperInstalled(program)) return fail({ code: 'helper-missing', file: program })
  if (isAskingForPassword) return fail({ code: 'helper-busy' })
  isAskingForPassword = true
  try {
    return await startHelper(asRoot(program), options)
  } finally {
    isAskingForPassword = false
  }
}

async function startHelper(
  [file, ...args]: NonNullable<HelperOptions['command']>,
  { onStep, signal, env }: HelperOptions,
): Answer<Helper> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', env })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = `${stderr}${text}`.slice(-2_000)))
  child.stdin.on('error', () => {}) // the helper has exited, which is reported below
  const exited = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null)).on('close', (code) => resolve(code))
  })
  const end = async () => {
    child.stdin.end()
    await exited
  }
  const abort = () => {
    child.stdin.end()
    child.kill() // as root, the helper can be killed only while the password dialog is open
  }
  signal?.addEventListener('abort', abort)
  void exited.then(() => signal?.removeEventListener('abort', abort))
  if (signal?.aborted) abort()

  const replies = readReplies(child.stdout, onStep)
  const exitFailure = async (): Promise<{ ok: false; error: DaemonFileFailure }> =>
    fail({ code: 'helper-ended', detail: lastLine(stderr) || `exit ${(await exited) ?? '?'}` })

  const marker = lines.parse(lines.marker, await replies.next())
  if (!marker) {
    if (!signal?.aborted) child.stdin.end()
    return fail(startFailure(await exited, stderr))
  }
  if (marker.protocol !== lines.protocolVersion) {
    await end()
    return fail({ code: 'helper-version', installed: marker.protocol, needed: lines.protocolVersion })
  }
  const readyLine = await replies.next()
  const ready = lines.parse(lines.ready, readyLine)
  if (!ready) {
    await end()
    return lines.parse(lines.error, readyLine) ? fail(toFailure(readyLine)) : exitFailure()
  }

  let previousAnswer: Promise<unknown> = Promise.resolve()
  /** Sends one request at a time. */
  function request<T>(message: object, schema: v.GenericSchema<unknown, T>): Answer<T> {
    const answer = previousAnswer.then(async () => {
      child.stdin.write(`${JSON.stringify(message)}\n`)
      const reply = await replies.next()
      if (reply === undefined) return exitFailure()
      if (lines.parse(lines.error, reply)) return fail(toFailure(reply))
      const value = v.safeParse(schema, reply)
      if (value.success) return ok(value.output)
      await end()
      return fail({ code: 'daemon-file-helper-error', why: 'answer', state: 'unsure' } as const)
    })
    previousAnswer = answer
    return answer
  }

  return ok({
    recovered: ready.recovered ?? undefined,
    read: () => request({ verb: 'read' }, lines.daemonFile),
    history: () => request({ verb: 'history' }, lines.history),
    change: ({ oldHash, edits }) => request({ verb: 'change', oldHash: oldHash ?? null, edits }, lines.changed),
    mend: ({ oldHash = null, newText }: { oldHash?: string | null | undefined; newText: string }) =>
      request({ verb: 'mend', oldHash, newText }, lines.changed),
    restore: ({ oldHash = null, hash }: { oldHash?: string | null | undefined; hash: string }) =>
      request({ verb: 'restore', oldHash, hash }, lines.changed),
    keep: () => request({ verb: 'keep' }, lines.kept),
    undo: () => request({ verb: 'undo' }, lines.undone),
    end,
  })
}

/** Reads reply lines; step lines go to `onStep`. `next` resolves with undefined once the output has ended. */
function readReplies(output: NodeJS.ReadableStream, onStep: HelperOptions['onStep']) {
  const lineIterator = createInterface({ input: output, crlfDelay: Infinity })[Symbol.asyncIterator]()
  return {
    async next(): Promise<unknown> {
      for (;;) {
        const { value, done } = await lineIterator.next()
        if (done) return undefined
        const line = parseJson(value)
        const stepLine = lines.parse(lines.step, line)
        if (!stepLine) return line
        onStep?.(stepLine.step, stepLine.validated)
      }
    },
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

/** pkexec exits with 126 if the user dismissed the dialog, and with 127 without authorization or without an agent. */
function startFailure(code: number | null, stderr: string): DaemonFileFailure {
  if (code === 126) return { code: 'helper-dismissed' }
  if (code === 127 && /no authentication agent/i.test(stderr)) return { code: 'helper-no-agent' }
  if (code === 127) return { code: 'helper-not-allowed' }
  return { code: 'helper-ended', detail: lastLine(stderr) || `exit ${code ?? '?'}` }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)!.slice(0, 300)
