/** Finds the system's Chromium, starts it with a profile of its own, and sees that neither outlives the app. */
import { spawn, type ChildProcess } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from './cdp.ts'

export interface Chromium {
  readonly connection: Connection
  readonly profile: string
}

export const isHeadless = process.env['SLIPWAY_HEADLESS'] === '1'

/** By its name a later start knows whose profile it finds: of this process, counted in this namespace of processes. */
const kinPrefix = `standin-${namespaceId()}-`
/** Chromium dies where its socket's path exceeds the 107 bytes of unix(7), 76 of which are our name and its own. */
const profiles = tmpdir().length <= 31 ? tmpdir() : '/tmp'
const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const flags = [
  '--remote-debugging-pipe',
  // Windows are asked for one by one (browser.ts); the browser stays while there are none.
  '--no-startup-window',
  ...['--no-first-run', '--no-default-browser-check', '--password-store=basic', '--use-mock-keychain'],
  // Nothing of the browser's own goes to the network. The pages' requests are answered in serving.ts.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-pings'],
  ...['--disable-extensions', '--disable-default-apps', '--disable-breakpad', '--disable-search-engine-choice-screen'],
  '--disable-features=Translate,MediaRouter,OptimizationHints,PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup',
  // An app's window does not slow down when another covers it.
  ...['--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
  // No page is given what a person would have to allow; nobody is asked.
  '--deny-permission-prompts',
  // Without it the page says once more in a bar above itself which flags are unusual.
  '--test-type',
]

export function findChromium(): string {
  const named = process.env['SLIPWAY_CHROMIUM']
  const found = (named ? [named] : usual).find(isExecutable)
  if (found) return found
  throw new Error(
    named
      ? `SLIPWAY_CHROMIUM names ${named}, which cannot be run`
      : 'the stand-in for Electron needs Chromium: install the package "chromium", or set SLIPWAY_CHROMIUM to its path',
  )
}

/** `lost` is told, with the browser's last words, when it ends without having been told to. */
export function startChromium(lost: (words: string) => void): Chromium {
  if (!isHeadless && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    // Playwright knows this sentence of Chromium's and explains it.
    throw new Error('Unable to open X display. Start a desktop, use xvfb-run, or set SLIPWAY_HEADLESS=1')
  }
  const executable = findChromium()
  removeForsakenProfiles()
  const profile = mkdtempSync(join(profiles, `${kinPrefix}${process.pid}-`))
  const child = spawn(executable, switches(profile), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own, to be ended as one.
    detached: true,
    env: { ...process.env, TMPDIR: profile, BREAKPAD_DUMP_LOCATION: profile },
  })
  process.on('exit', () => end(child, profile))

  let words = ''
  child.stderr?.on('data', (data: Buffer) => {
    for (const line of String(data).split('\n')) {
      if (line.startsWith('DevTools listening on ')) process.stderr.write(`${line}\n`)
      // It grumbles about D-Bus wherever there is no full desktop.
      else if (line.trim() && !line.includes('ERROR:dbus')) words = `${words}${line}\n`.slice(-2000)
    }
  })
  child.on('error', (error) => lost(String(error)))
  child.on('exit', () => lost(words))
  // As `stdio` above orders them.
  const [, , , output, input] = child.stdio as unknown as [null, null, Socket, Socket, Socket]
  return { connection: new Connection(output, input), profile }
}

function switches(profile: string): string[] {
  const forPlaywright = process.argv.filter((argument) => argument.startsWith('--remote-debugging-port='))
  // Playwright passes it to Electron too, unless told not to.
  const isUnsandboxed = process.getuid?.() === 0 || process.argv.includes('--no-sandbox')
  return [
    ...flags,
    `--user-data-dir=${profile}`,
    ...forPlaywright,
    ...(isUnsandboxed ? ['--no-sandbox'] : []),
    ...(isHeadless ? ['--headless=new', '--screen-info={1920x1080}'] : []),
    ...(isHeadless || !existsSync('/dev/dri') ? ['--disable-gpu'] : []),
  ]
}

/** Killed, not asked: nothing in the profile is worth the time to be written. */
function end(child: ChildProcess, profile: string): void {
  // The group outlives its first process.
  if (child.pid !== undefined) kill(-child.pid)
  for (const pid of crashHandlers(profile)) kill(pid)
  removeProfile(profile)
}

/** They leave Chromium's group, and the last thing that they do would be to make their folder in the profile again. */
function crashHandlers(profile: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(`\0--database=${profile}\0`))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone in the meantime
  }
}

/** A stand-in that was killed could not remove its own; its Chromium left when the pipe closed. */
function removeForsakenProfiles(): void {
  for (const name of readdirSync(profiles)) {
    if (!name.startsWith(kinPrefix)) continue
    const pid = Number.parseInt(name.slice(kinPrefix.length), 10)
    const folder = join(profiles, name)
    if (!isAlive(pid) && lstatSync(folder).uid === process.getuid?.()) removeProfile(folder)
  }
}

function removeProfile(folder: string): void {
  try {
    // Processes on their way out may still write a file or two.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  } catch {
    // still in use: the next start tries again
  }
}

/** `/proc/self/ns/pid` → pid:[4026531836] */
function namespaceId(): string {
  const digits = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  return Number(digits).toString(36)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
