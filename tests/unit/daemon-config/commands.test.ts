import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualCommandsFor } from '../../../model/daemon-config/commands.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'by hand '))
  file = join(folder, 'docker/daemon.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const before = '{}'
const oldHash = createHash('sha256').update(before).digest('hex')
const text = '{\n  "registry-mirrors": ["https://docker.1ms.run"],\n  "labels": ["it\'s $HOME"]\n}\n'
const script = (wish: { oldHash?: string } = {}) =>
  manualCommandsFor({ file, oldHash: undefined, text, installation: 'system', ...wish })

/** As typed into a terminal of somebody who may use sudo, with what stands in for the parts that are not here. */
function typed(commands: string, standIns = '') {
  const shell = `sudo() { "$@"; }\nsystemctl() { echo "systemctl $*"; }\n${standIns}\n${commands}`
  return execFileSync('sh', ['-c', shell], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** What it says before it fails. */
function failing(commands: string, standIns?: string): string {
  try {
    return expect.unreachable(typed(commands, standIns))
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout)
  }
}

test('a missing file is created with its folder, and Docker is reloaded', () => {
  expect(typed(script())).toBe('systemctl reload docker\n')
  expect(readFileSync(file, 'utf8')).toBe(text)
  // A second time the commands stop: there is a file by now, whose content they do not know.
  writeFileSync(file, 'of somebody else')
  expect(failing(script())).toBe('')
  expect(readFileSync(file, 'utf8')).toBe('of somebody else')
})

test('the old text is kept beside it, whatever was kept before, and owner and mode stay', () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, before, { mode: 0o640 })
  writeFileSync(`${file}.before-000000000000`, 'of another day')
  const kept = `${file}.before-${oldHash.slice(0, 12)}`
  typed(script({ oldHash }))
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readFileSync(kept, 'utf8')).toBe(before)
  expect(readFileSync(`${file}.before-000000000000`, 'utf8')).toBe('of another day')
  // Typed a second time, as after a reload that failed.
  expect(failing(script({ oldHash }))).toContain('FAILED')
  expect(readFileSync(kept, 'utf8')).toBe(before)
})

test.each(['cp', 'tee', 'mv'])(
  'on a full disk, where %s fails, the file stays as it was and Docker is not told',
  (command) => {
    execFileSync('mkdir', [join(folder, 'docker')])
    writeFileSync(file, before)
    const said = failing(script({ oldHash }), `${command}() { cat >/dev/null; return 1; }`)
    expect(said).not.toContain('systemctl')
    expect(readFileSync(file, 'utf8')).toBe(before)
  },
)

test('without a service manager, the process in dockerd’s pid file gets the signal', async () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, before)
  const pidFile = join(folder, 'docker.pid')
  writeFileSync(pidFile, '4711')
  const commands = manualCommandsFor({ file, oldHash, text, installation: 'system', pidFile })
  expect(typed(commands, 'kill() { echo "kill $*"; }')).toContain('kill -HUP 4711\n')
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('a rootless user’s needs no sudo, a snap restarts', () => {
  const rootless = manualCommandsFor({ file, oldHash, text, installation: 'rootless' })
  expect(rootless).not.toContain('sudo')
  expect(rootless).toContain('systemctl --user reload docker')
  expect(manualCommandsFor({ file, oldHash, text, installation: 'snap' })).toContain('sudo snap restart docker')
  expect(existsSync(file) || readdirSync(folder).length > 0).toBe(false)
})
