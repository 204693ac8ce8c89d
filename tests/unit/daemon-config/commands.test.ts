import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandsWithoutFile, manualCommandsFor, restoreCommandsFor } from '../../../model/daemon-config/commands.ts'
import { hasHidden } from '../../../model/text/plain.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'by hand '))
  file = join(folder, 'docker/daemon.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const oldText = '{}'
const oldHash = createHash('sha256').update(oldText).digest('hex')
const text = '{\n  "registry-mirrors": ["https://docker.1ms.run"],\n  "labels": ["it\'s $HOME"]\n}\n'
const script = (overrides: { oldHash?: string } = {}) =>
  manualCommandsFor({ file, oldHash: undefined, text, installation: 'system', ...overrides })

/** Runs the commands in a shell in which `sudo` and `systemctl` are functions. `standIns` defines more of them. */
function runInShell(commands: string, standIns = '') {
  const shell = `sudo() { "$@"; }\nsystemctl() { echo "systemctl $*"; }\n${standIns}\n${commands}`
  return execFileSync('sh', ['-c', shell], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** @returns what the commands print before they fail */
function runUntilFailure(commands: string, standIns?: string): string {
  try {
    return expect.unreachable(runInShell(commands, standIns))
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout)
  }
}

test('a missing file is created with its folder, and Docker is reloaded', () => {
  expect(runInShell(script())).toBe('systemctl reload docker\n')
  expect(readFileSync(file, 'utf8')).toBe(text)
  // A second run stops, because there is now a file, and its content is not the expected one.
  writeFileSync(file, 'another program’s text')
  expect(runUntilFailure(script())).toBe('')
  expect(readFileSync(file, 'utf8')).toBe('another program’s text')
})

test('the old text is saved beside the file, earlier backups stay, and the mode is preserved', () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, oldText, { mode: 0o640 })
  writeFileSync(`${file}.before-000000000000`, 'an earlier backup')
  const backup = `${file}.before-${oldHash.slice(0, 12)}`
  runInShell(script({ oldHash }))
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readFileSync(backup, 'utf8')).toBe(oldText)
  expect(readFileSync(`${file}.before-000000000000`, 'utf8')).toBe('an earlier backup')
  // A second run, as after a failed reload, stops and leaves the backup unchanged.
  expect(runUntilFailure(script({ oldHash }))).toContain('FAILED')
  expect(readFileSync(backup, 'utf8')).toBe(oldText)
})

test.each(['cp', 'tee', 'mv'])(
  'if %s fails, as on a full disk, the file is unchanged and Docker is not reloaded',
  (command) => {
    execFileSync('mkdir', [join(folder, 'docker')])
    writeFileSync(file, oldText)
    const output = runUntilFailure(script({ oldHash }), `${command}() { cat >/dev/null; return 1; }`)
    expect(output).not.toContain('systemctl')
    expect(readFileSync(file, 'utf8')).toBe(oldText)
  },
)

test('without a service manager, the process in dockerd’s pid file gets SIGHUP', async () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, oldText)
  const pidFile = join(folder, 'docker.pid')
  writeFileSync(pidFile, '4711')
  const commands = manualCommandsFor({ file, oldHash, text, installation: 'system', pidFile })
  expect(runInShell(commands, 'kill() { echo "kill $*"; }')).toContain('kill -HUP 4711\n')
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('the commands for rootless Docker need no sudo, and those for the snap restart Docker', () => {
  const rootless = manualCommandsFor({ file, oldHash, text, installation: 'rootless' })
  expect(rootless).not.toContain('sudo')
  expect(rootless).toContain('systemctl --user reload docker')
  expect(manualCommandsFor({ file, oldHash, text, installation: 'snap' })).toContain('sudo snap restart docker')
  expect(existsSync(file) || readdirSync(folder).length > 0).toBe(false)
})

test('while Docker is down, the commands start it, and without the file they keep it under another name', () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, oldText)
  const start = 'sudo systemctl start docker'
  expect(runInShell(manualCommandsFor({ file, oldHash, text, installation: 'system', start }))).toContain(
    'systemctl start docker\n',
  )
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(runInShell(commandsWithoutFile({ file, oldHash, installation: 'system', start }))).toBe(
    'systemctl start docker\n',
  )
  expect(existsSync(file)).toBe(false)
  expect(readFileSync(`${file}.before-${oldHash.slice(0, 12)}`, 'utf8')).toBe(text)
})

test('a backup replaces the whole file, which keeps its mode and is kept beside it', () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, oldText, { mode: 0o640 })
  const backup = join(folder, 'back up')
  writeFileSync(backup, text, { mode: 0o600 })
  const restore = { file, oldHash, backup, installation: 'system' } as const
  expect(runInShell(restoreCommandsFor(restore))).toContain('systemctl reload docker')
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readFileSync(`${file}.before-${oldHash.slice(0, 12)}`, 'utf8')).toBe(oldText)
  // A second run stops, because the file is no longer the one for which the commands were made.
  expect(runUntilFailure(restoreCommandsFor(restore))).toContain('FAILED')
  expect(restoreCommandsFor({ ...restore, start: 'sudo service docker start' })).toMatch(/sudo service docker start$/)
})

test('hidden characters of the file are escapes in the commands, and the same file is written', () => {
  const hidden = '{"labels": ["a=\u202ex\u{e0041}\u200b", "你好 👩\u200d🚀"]}'
  const commands = manualCommandsFor({ file, oldHash: undefined, text: `${hidden}\r\n`, installation: 'system' })
  expect(hasHidden(commands)).toBe(false)
  expect(commands).toContain('你好 👩\u200d🚀')
  runInShell(commands)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(hidden))
})
