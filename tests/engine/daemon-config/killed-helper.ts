/**
 * Kills the helper during a change, and checks the result: the file is complete, Docker runs, and the next start of the
 * helper restores everything.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../../tools/world/engine.ts'
import { bindMount } from '../../../tools/world/rootless.ts'
import {
  changeLine,
  changeTo,
  commandOf,
  hashOf,
  helperTools,
  readMirrors,
  type FileOptions,
  type HelperScope,
} from './helper-tools.ts'

export interface CrashScenario {
  readonly title: string
  /** The text of the file before the change; undefined if there is no file. */
  readonly textBefore: string | undefined
  readonly fileOptions?: FileOptions
  readonly request: object
  readonly end: 'keep' | 'undo'
  /** The mirrors that the engine uses before the change. */
  readonly mirrorsBefore: readonly string[]
  /** The text of the file after the change, if the change is kept. */
  readonly textAfter: string
  /** The mirrors that the engine uses after the change, if the change is kept. */
  readonly mirrorsAfter: readonly string[]
}

/** Makes the engine reload its daemon.json until it uses these mirrors. @throws after about 4 s */
export async function reloadMirrors(engine: Engine, mirrors: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (tries % 50 === 0) process.kill(engine.pid, 'SIGHUP')
    await sleep(20)
    if (JSON.stringify(await readMirrors(engine)) === JSON.stringify(mirrors)) return
  }
  throw new Error(`the engine uses ${String(await readMirrors(engine))}, not ${String(mirrors)}`)
}

/** Functions that run a scenario with the helper of a scope, kill the helper, and check the result. */
export function crashTools(scope: HelperScope) {
  const { file, owner: scopeOwner } = scope
  const { readState, write, startHelper } = helperTools(scope)

  /** A rootless user's file always belongs to that user, since only root can change the owner of a file. */
  const ownerOf = (options: FileOptions | undefined) =>
    scopeOwner[0] === 0 ? (options?.owner ?? scopeOwner) : scopeOwner

  /** Prepares the file and the engine for a scenario. */
  async function prepare(engine: Engine, { textBefore, fileOptions, mirrorsBefore }: CrashScenario): Promise<void> {
    write(JSON.stringify({ 'registry-mirrors': mirrorsBefore, 'insecure-registries': [] }))
    await reloadMirrors(engine, mirrorsBefore)
    write(textBefore, { ...fileOptions, owner: ownerOf(fileOptions) })
    // An earlier scenario that replaced a faulty file may have left a copy of that file.
    for (const name of listTemporaryFiles()) rmSync(join(dirname(file), name))
  }

  /**
   * The files that the helper has created next to daemon.json during a change. At the end of the change, the helper
   * removes them. Only the copy of a faulty file stays, if the change is kept.
   */
  const listTemporaryFiles = () => readdirSync(dirname(file)).filter((name) => /slipway|faulty/.test(name))

  /**
   * Runs a scenario with a helper that is killed right before its nth operation.
   * @returns the number of operations if the helper ended before the nth one, or else undefined
   */
  async function killBeforeOperation(operation: number, scenario: CrashScenario): Promise<number | undefined> {
    const script = join(bindMount(import.meta.dirname, '/opt/slipway-tests'), 'kill_helper.py')
    const scopeName = scope.program.includes('own') ? 'user' : 'root'
    const { stderr, code } = await runHelper(
      [...scope.runAs, '/usr/bin/python3', '-IS', script, String(operation), scope.programFolder, scopeName],
      scenario,
    )
    return code === 0 ? Number(stderr) : undefined
  }

  /**
   * Runs a scenario with a helper that is killed after this time.
   * @returns 0 if the helper ended before that time, or else undefined
   */
  async function killAfter(timeoutMs: number, scenario: CrashScenario): Promise<number | undefined> {
    const { code } = await runHelper(commandOf(scope), scenario, timeoutMs)
    return code === 0 ? 0 : undefined
  }

  async function runHelper(
    [program = '', ...args]: readonly string[],
    { request, end }: CrashScenario,
    killAfterMs?: number,
  ) {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env: scope.env ?? process.env })
    let stderr = ''
    child.stderr.on('data', (data) => (stderr += data))
    child.stdin.on('error', () => {})
    child.stdin.end(`${JSON.stringify(request)}\n${JSON.stringify({ verb: end })}\n`)
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { stderr, code }
  }

  /**
   * Checks the file and the engine after the helper was killed, then starts the helper again and checks both once more.
   * @param mayBeKept whether the helper may have kept the change before it was killed
   * @returns a description of what is wrong, or undefined if nothing is
   */
  async function findFault(engine: Engine, scenario: CrashScenario, mayBeKept = false): Promise<string | undefined> {
    const { textBefore, fileOptions, mirrorsBefore, textAfter, mirrorsAfter } = scenario
    const afterKill = readState()
    if (!engine.running) return 'Docker is down'
    const isIncomplete =
      afterKill === undefined
        ? textBefore !== undefined
        : afterKill.text !== textBefore && !isJsonObject(afterKill.text)
    if (isIncomplete) return `the file is incomplete: ${afterKill?.text}`
    const { helper } = await startHelper()
    await helper.end()
    const recovered = readState()
    const wasKept = mayBeKept && recovered?.text === textAfter
    if (recovered?.text !== (wasKept ? textAfter : textBefore)) return `the file has other bytes: ${recovered?.text}`
    const { mode = 0o644 } = fileOptions ?? {}
    const owner = ownerOf(fileOptions).join(':')
    if (recovered && (recovered.mode !== mode.toString(8) || recovered.owner !== owner))
      return `the file has mode ${recovered.mode} and owner ${recovered.owner}`
    const leftovers = wasKept ? [] : listTemporaryFiles()
    if (leftovers.length > 0) return `files are left behind: ${leftovers.join(', ')}`
    if (existsSync(join(scope.stateFolder, 'journal.json'))) return 'the journal is open'
    const mirrors = await readMirrors(engine)
    const expected = wasKept ? mirrorsAfter : mirrorsBefore
    return String(mirrors) === String(expected)
      ? undefined
      : `the engine uses ${String(mirrors)}, not ${String(expected)}`
  }

  /** Makes the helper create the backup that the last scenario restores. */
  async function createBackup(engine: Engine): Promise<void> {
    write(withoutMirrors)
    await reloadMirrors(engine, [])
    const { helper } = await startHelper()
    await helper.change(changeTo(withoutMirrors, withMirror))
    await helper.undo()
    await helper.end()
  }
  return { prepare, killBeforeOperation, killAfter, findFault, createBackup }
}

function isJsonObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

const mirror = 'https://a.example'
const otherMirror = 'https://b.example'
const withoutMirrors = '{\n  "labels": ["x=y"]\n}\n'
const withMirror = `{\n  "labels": ["x=y"],\n  "registry-mirrors": ["${mirror}"]\n}\n`
const withOtherMirror = withMirror.replace(mirror, otherMirror)
const onlyMirror = `{ "registry-mirrors": ["${mirror}"] }\n`
const faulty = `{\n  "registry-mirrors": ["${mirror}"],\n}\n`
const slipped = withOtherMirror.replace(/}(\s*)$/, ',}$1')

export const scenarios: readonly [CrashScenario, ...CrashScenario[]] = [
  {
    title: 'a file that had no mirrors',
    textBefore: withoutMirrors,
    fileOptions: { mode: 0o640, owner: [0, 7] },
    request: changeLine(withoutMirrors, withMirror),
    end: 'undo',
    mirrorsBefore: [],
    textAfter: withMirror,
    mirrorsAfter: [mirror],
  },
  {
    title: 'a file that had mirrors',
    textBefore: withMirror,
    request: changeLine(withMirror, withOtherMirror),
    end: 'keep',
    mirrorsBefore: [mirror],
    textAfter: withOtherMirror,
    mirrorsAfter: [otherMirror],
  },
  {
    title: 'a file that did not exist',
    textBefore: undefined,
    request: changeLine(undefined, onlyMirror),
    end: 'undo',
    mirrorsBefore: [],
    textAfter: onlyMirror,
    mirrorsAfter: [mirror],
  },
  {
    title: 'a file that cannot be parsed, replaced by a backup',
    textBefore: faulty,
    request: { verb: 'restore', oldHash: hashOf(faulty), hash: hashOf(withoutMirrors) },
    end: 'keep',
    mirrorsBefore: [mirror],
    textAfter: withoutMirrors,
    mirrorsAfter: [],
  },
  {
    title: 'a file whose punctuation is mended',
    textBefore: slipped,
    request: { verb: 'mend', oldHash: hashOf(slipped), newText: withOtherMirror },
    end: 'undo',
    mirrorsBefore: [mirror],
    textAfter: withOtherMirror,
    mirrorsAfter: [otherMirror],
  },
]
