/** A helper that is cut off, and what must hold then: the file whole, Docker up, and all put back by the next start. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../../tools/world/engine.ts'
import { bindMount } from '../../../tools/world/rootless.ts'
import { commandOf, hashOf, helpedOn, mirrorsOf, type FileWish, type Side } from './helper-side.ts'

export interface Story {
  readonly title: string
  /** What is there before. */
  readonly old: string | undefined
  readonly options?: FileWish
  readonly request: object
  readonly end: 'keep' | 'undo'
  /** The mirrors in force before. */
  readonly before: readonly string[]
  /** What is there, and in force, when it is kept. */
  readonly text: string
  readonly after: readonly string[]
}

export async function reloaded(engine: Engine, mirrors: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (tries % 50 === 0) process.kill(engine.pid, 'SIGHUP')
    await sleep(20)
    if (JSON.stringify(await mirrorsOf(engine)) === JSON.stringify(mirrors)) return
  }
  throw new Error(`the engine has ${String(await mirrorsOf(engine))}, not ${String(mirrors)}`)
}

/** What is done to a helper of a side. */
export function cutting(side: Side) {
  const { file, owner: owns } = side
  const { state, write, opened } = helpedOn(side)

  /** Puts file and engine to where a story begins. Only root can give a file to others. */
  async function begin(engine: Engine, { old, options, before }: Story): Promise<void> {
    write(JSON.stringify({ 'registry-mirrors': before, 'insecure-registries': [] }))
    await reloaded(engine, before)
    write(old, { ...options, owner: owns[0] === 0 ? (options?.owner ?? owns) : owns })
    // A story that is kept leaves the faulty file, as it should.
    for (const name of leftBeside()) rmSync(join(dirname(file), name))
  }

  /** What a change puts beside the file for as long as it takes. */
  const leftBeside = () => readdirSync(dirname(file)).filter((name) => /slipway|faulty/.test(name))

  /** Plays a story with a helper that is killed right before an operation. Gives how many there were, if it was not. */
  async function cutBefore(operation: number, story: Story): Promise<number | undefined> {
    const cutter = join(bindMount(import.meta.dirname, '/opt/slipway-tests'), 'helper-cut.py')
    const which = side.program.includes('own') ? 'own' : 'root'
    const { stderr, code } = await told(
      [...side.as, '/usr/bin/python3', '-IS', cutter, String(operation), side.folder, which],
      story,
    )
    return code === 0 ? Number(stderr) : undefined
  }

  /** Plays a story with the helper, killed after a time unless it has ended by then. */
  async function cutAfter(milliseconds: number, story: Story): Promise<number | undefined> {
    const { code } = await told(commandOf(side), story, milliseconds)
    return code === 0 ? 0 : undefined
  }

  async function told([program = '', ...args]: readonly string[], { request, end }: Story, patience?: number) {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env: side.env ?? process.env })
    let stderr = ''
    child.stderr.on('data', (data) => (stderr += data))
    child.stdin.on('error', () => {})
    child.stdin.end(`${JSON.stringify(request)}\n${JSON.stringify({ verb: end })}\n`)
    const timer = patience === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), patience)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { stderr, code }
  }

  /** What is wrong after a cut, in words; nothing if all is well. */
  async function faultAfterCut(engine: Engine, story: Story, kept = false): Promise<string | undefined> {
    const { old, options, before, text, after } = story
    const cut = state()
    if (!engine.running) return 'Docker is down'
    if (cut === undefined ? old !== undefined : cut.text !== old && !isWhole(cut.text)) return `not whole: ${cut?.text}`
    const { helper } = await opened()
    await helper.end()
    const now = state()
    const wasKept = kept && now?.text === text
    if (now?.text !== (wasKept ? text : old)) return `other bytes: ${now?.text}`
    const { mode = 0o644, owner = owns } = options ?? {}
    const whose = owns[0] === 0 ? owner : owns
    if (now && (now.mode !== mode.toString(8) || now.owner !== whose.join(':'))) return `${now.mode} ${now.owner}`
    const left = wasKept ? [] : leftBeside()
    if (left.length > 0) return `left behind: ${left.join(', ')}`
    if (existsSync(join(side.vault, 'journal.json'))) return 'the journal is open'
    const mirrors = await mirrorsOf(engine)
    const wanted = wasKept ? after : before
    return String(mirrors) === String(wanted) ? undefined : `in force: ${String(mirrors)}, not ${String(wanted)}`
  }

  /** Has the helper keep a backup of the text that the last story restores. */
  async function backUp(engine: Engine): Promise<void> {
    write(without)
    await reloaded(engine, [])
    const { helper } = await opened()
    await helper.change({ oldHash: hashOf(without), newText: added })
    await helper.undo()
    await helper.end()
  }
  return { begin, cutBefore, cutAfter, faultAfterCut, backUp }
}

function isWhole(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

const mirror = 'https://a.example'
const other = 'https://b.example'
const change = (old: string | undefined, newText: string) => ({
  verb: 'change',
  oldHash: old === undefined ? null : hashOf(old),
  newText,
})

const without = '{\n  "labels": ["x=y"]\n}\n'
const added = `{\n  "labels": ["x=y"],\n  "registry-mirrors": ["${mirror}"]\n}\n`
const withOther = added.replace(mirror, other)
const alone = `{ "registry-mirrors": ["${mirror}"] }\n`
const faulty = `{\n  "registry-mirrors": ["${mirror}"],\n}\n`

export const stories: readonly [Story, ...Story[]] = [
  {
    title: 'a file that had no mirrors',
    old: without,
    options: { mode: 0o640, owner: [0, 7] },
    request: change(without, added),
    end: 'undo',
    before: [],
    text: added,
    after: [mirror],
  },
  {
    title: 'a file that had mirrors',
    old: added,
    request: change(added, withOther),
    end: 'keep',
    before: [mirror],
    text: withOther,
    after: [other],
  },
  {
    title: 'a file that was not there',
    old: undefined,
    request: change(undefined, alone),
    end: 'undo',
    before: [],
    text: alone,
    after: [mirror],
  },
  {
    title: 'a backup in the place of a file that cannot be parsed',
    old: faulty,
    request: { verb: 'restore', oldHash: hashOf(faulty), hash: hashOf(without) },
    end: 'keep',
    before: [mirror],
    text: without,
    after: [],
  },
]
