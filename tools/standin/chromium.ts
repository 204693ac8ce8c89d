/** Finds the system's Chromium, starts it with its own profile, and ensures that neither outlives the app. */
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

/**
 * A profile's name contains the PID namespace and process id of the stand-in that created it, so a later stand-in can
 * tell whether that process still runs.
 */
const profilePrefix = `standin-${namespaceId()}-`
/** Chromium crashes if its socket's path exceeds 107 bytes, see unix(7). The part below this folder takes up to 76. */
const profilesFolder = tmpdir().length <= 31 ? tmpdir() : '/tmp'
const defaultPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const commonSwitches = [
  '--remote-debugging-pipe',
  // browser.ts opens the windows one by one; the browser keeps running without any.
  '--no-startup-window',
  ...['--no-first-run', '--no-default-browser-check', '--password-store=basic', '--use-mock-keychain'],
  // The browser itself makes no network requests. Requests of pages are answered in serving.ts.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-pings'],
  ...['--disable-extensions', '--disable-default-apps', '--disable-breakpad', '--disable-search-engine-choice-screen'],
  '--disable-features=Translate,MediaRouter,OptimizationHints,PaintHolding,WebUIOmniboxPopup,WebUIOmniboxAimPopup',
  // Do not throttle windows that are covered by others.
  ...['--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
  // Deny every permission that the user would have to grant; no prompt is shown.
  '--deny-permission-prompts',
  // Otherwise an infobar in the page warns about unusual flags.
  '--test-type',
]

export function findChromium(): string {
  const configuredPath = process.env['SLIPWAY_CHROMIUM']
  const found = (configuredPath ? [configuredPath] : defaultPaths).find(isExecutable)
  if (found) return found
  throw new Error(
    configuredPath
      ? `SLIPWAY_CHROMIUM names ${configuredPath}, which cannot be run`
      : 'the stand-in for Electron needs Chromium: install the package "chromium", or set SLIPWAY_CHROMIUM to its path',
  )
}

/** Calls `onExit` with the browser's last output if the browser ends unexpectedly. */
export function startChromium(onExit: (output: string) => void): Chromium {
  if (!isHeadless && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    // Playwright recognizes this message of Chromium and explains it.
    throw new Error('Unable to open X display. Start a desktop, use xvfb-run, or set SLIPWAY_HEADLESS=1')
  }
  const executable = findChromium()
  removeStaleProfiles()
  const profile = mkdtempSync(join(profilesFolder, `${profilePrefix}${process.pid}-`))
  const child = spawn(executable, createSwitches(profile), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    // Run in its own process group, so that the whole group can be killed.
    detached: true,
    env: { ...process.env, TMPDIR: profile, BREAKPAD_DUMP_LOCATION: profile },
  })
  process.on('exit', () => killAndCleanUp(child, profile))

  let errorOutput = ''
  child.stderr?.on('data', (data: Buffer) => {
    for (const line of String(data).split('\n')) {
      if (line.startsWith('DevTools listening on ')) process.stderr.write(`${line}\n`)
      // Without a full desktop, Chromium logs D-Bus errors.
      else if (line.trim() && !line.includes('ERROR:dbus')) errorOutput = `${errorOutput}${line}\n`.slice(-2000)
    }
  })
  child.on('error', (error) => onExit(String(error)))
  child.on('exit', () => onExit(errorOutput))
  // In the order of `stdio` above.
  const [, , , output, input] = child.stdio as unknown as [null, null, Socket, Socket, Socket]
  return { connection: new Connection(output, input), profile }
}

function createSwitches(profile: string): string[] {
  const debuggingPort = process.argv.filter((argument) => argument.startsWith('--remote-debugging-port='))
  // By default, Playwright starts Electron with --no-sandbox.
  const isUnsandboxed = process.getuid?.() === 0 || process.argv.includes('--no-sandbox')
  return [
    ...commonSwitches,
    `--user-data-dir=${profile}`,
    ...debuggingPort,
    ...(isUnsandboxed ? ['--no-sandbox'] : []),
    ...(isHeadless ? ['--headless=new', '--screen-info={1920x1080}'] : []),
    ...(isHeadless || !existsSync('/dev/dri') ? ['--disable-gpu'] : []),
  ]
}

/** Kills the browser without a clean shutdown: nothing in its profile needs to be saved. */
function killAndCleanUp(child: ChildProcess, profile: string): void {
  // The whole process group: it can outlive its first process.
  if (child.pid !== undefined) kill(-child.pid)
  for (const pid of findCrashHandlers(profile)) kill(pid)
  removeProfile(profile)
}

/** Crash handlers leave Chromium's process group. Those that are not killed recreate their folder in the profile. */
function findCrashHandlers(profile: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && readCommandLine(pid).includes(`\0--database=${profile}\0`))
}

function readCommandLine(pid: number): string {
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
    // already exited
  }
}

/** Removes the profiles of stand-ins that were killed. Their Chromium exited when its pipe closed. */
function removeStaleProfiles(): void {
  for (const name of readdirSync(profilesFolder)) {
    if (!name.startsWith(profilePrefix)) continue
    const pid = Number.parseInt(name.slice(profilePrefix.length), 10)
    const folder = join(profilesFolder, name)
    if (!isAlive(pid) && lstatSync(folder).uid === process.getuid?.()) removeProfile(folder)
  }
}

function removeProfile(folder: string): void {
  try {
    // Exiting processes may still write a few files.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  } catch {
    // still in use: the next start tries again
  }
}

/** The number in the target of /proc/self/ns/pid, such as `pid:[4026531836]`, in base 36. */
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
