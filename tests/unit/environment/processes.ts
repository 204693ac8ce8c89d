/** The processes that were started with a home directory. */
import { readdirSync, readFileSync } from 'node:fs'

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
