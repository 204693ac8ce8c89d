/** A rootless Docker's engine: told to read its file again, and asked beforehand whether it would take it. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const patience = 20_000

/** Its program, once the process that the file names is known to be dockerd. */
function processIn(pidFile: string | undefined): { readonly pid: number; readonly exe: string } | undefined {
  if (pidFile === undefined || !existsSync(pidFile)) return undefined
  const pid = Number(readFileSync(pidFile, 'utf8').trim())
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined
  try {
    const exe = readlinkSync(`/proc/${pid}/exe`)
    return basename(exe) === 'dockerd' ? { pid, exe } : undefined
  } catch {
    return undefined
  }
}

/** Why it could not be told, if so: by its process, else by its service. */
export async function reload(pidFile: string | undefined): Promise<string | undefined> {
  const found = processIn(pidFile)
  try {
    if (found) process.kill(found.pid, 'SIGHUP')
    else await run('systemctl', ['--user', 'reload', 'docker'], { timeout: patience })
    return undefined
  } catch (error) {
    return saidBy(error)
  }
}

/** What the engine itself has against a text, if so. Versions before 23 cannot be asked. */
export async function objection(
  pidFile: string | undefined,
  folder: string,
  bytes: Buffer,
): Promise<string | undefined> {
  const exe = processIn(pidFile)?.exe
  if (exe === undefined || !existsSync(exe)) return undefined
  const file = join(folder, 'candidate.json')
  const asked = async (text: Buffer | string) => {
    writeFileSync(file, text, { mode: 0o600 })
    try {
      await run(exe, ['--validate', '--config-file', file], { timeout: patience })
      return undefined
    } catch (error) {
      return saidBy(error).replaceAll(file, 'daemon.json')
    } finally {
      rmSync(file, { force: true })
    }
  }
  const said = await asked(bytes)
  // What it has against any file at all is our way of asking.
  return said === undefined || said.includes('unknown flag: --validate') || said === (await asked('{}'))
    ? undefined
    : said
}

function saidBy(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  return (stderr || String(error)).slice(-300)
}
