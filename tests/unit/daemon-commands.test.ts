import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandsFor } from '../../model/daemon-commands.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'by hand '))
  file = join(folder, 'docker/daemon.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const oldHash = 'ab12cd34ef56'.padEnd(64, '0')
const text = '{\n  "registry-mirrors": ["https://docker.1ms.run"],\n  "labels": ["it\'s $HOME"]\n}\n'
const script = (wish: { oldHash?: string } = {}) =>
  commandsFor({ file, oldHash: undefined, text, installation: 'system', ...wish })

/** As typed into a terminal of somebody who may use sudo, with what stands in for the parts that are not here. */
function typed(commands: string, standIns = '') {
  const shell = `sudo() { "$@"; }\nsystemctl() { echo "systemctl $*"; }\n${standIns}\n${commands}`
  return execFileSync('sh', ['-c', shell], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

test('where there is no file, it is made with its folder, and Docker reads it', () => {
  expect(typed(script())).toBe('systemctl reload docker\n')
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('the old text is kept beside it, whatever was kept before, and owner and mode stay', () => {
  execFileSync('mkdir', [join(folder, 'docker')])
  writeFileSync(file, '{}', { mode: 0o640 })
  writeFileSync(`${file}.before-000000000000`, 'of another day')
  typed(script({ oldHash }))
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readFileSync(`${file}.before-ab12cd34ef56`, 'utf8')).toBe('{}')
  expect(readFileSync(`${file}.before-000000000000`, 'utf8')).toBe('of another day')
})

test.each(['cp', 'tee', 'mv'])(
  'on a full disk, where %s fails, the file stays as it was and Docker is not told',
  (command) => {
    execFileSync('mkdir', [join(folder, 'docker')])
    writeFileSync(file, '{}')
    let said = ''
    try {
      said = typed(script({ oldHash }), `${command}() { cat >/dev/null; return 1; }`)
    } catch {
      // the shell ends with the failure
    }
    expect(said).toBe('')
    expect(readFileSync(file, 'utf8')).toBe('{}')
  },
)

test('a rootless user’s needs no sudo, a snap restarts', () => {
  const rootless = commandsFor({ file, oldHash, text, installation: 'rootless' })
  expect(rootless).not.toContain('sudo')
  expect(rootless).toContain('systemctl --user reload docker')
  expect(commandsFor({ file, oldHash, text, installation: 'snap' })).toContain('sudo snap restart docker')
  expect(existsSync(file) || readdirSync(folder).length > 0).toBe(false)
})
