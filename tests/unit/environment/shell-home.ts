/** A home directory with shell files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { shellsFolder } from '../../../tools/world/paths.ts'

/** @returns a new home directory with these files; deleted when the test ends */
export function shellHome(files: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(tmpdir(), 'slipway-shell-home-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  return home
}

/** The environment of a launcher, with little in it. */
export const launcherOf = (home: string, shell: string): NodeJS.ProcessEnv => ({
  ...{ HOME: home, SHELL: shell, PATH: '/usr/bin:/bin' },
  // fish needs a library that few computers have.
  LD_LIBRARY_PATH: join(shellsFolder, 'lib'),
})

/** @returns the path of a shell of the world's set-up (tools/world/engines.sh) or else of this computer, if it has one */
export const findShell = (name: string): string | undefined =>
  [join(shellsFolder, 'bin'), '/bin', '/usr/bin'].map((folder) => join(folder, name)).find((path) => existsSync(path))
