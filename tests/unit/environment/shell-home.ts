/** A home directory with shell files, and the processes that were started with it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

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
  // For shells that are not installed in the usual folders.
  ...(process.env['LD_LIBRARY_PATH'] && { LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] }),
})

/** @returns the command lines of the running processes whose HOME is this directory */
export const processesOf = (home: string): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      const isOfHome = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HOME=${home}`)
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return isOfHome && command ? [command] : []
    } catch {
      return [] // Not a process, or one that has ended.
    }
  })

/** @returns the path of a program on PATH; undefined if it is not installed */
export function findProgram(name: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
