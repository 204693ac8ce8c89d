/** Replacing a file: whole or not at all, whatever happens in between. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A link stays one: what it leads to is replaced. */
const realFile = (file: string) => (existsSync(file) ? realpathSync(file) : file)

/** Owner and mode stay; a new file is the user's alone. Throws what the system says. */
export function writeWhole(file: string, bytes: Buffer): void {
  const real = realFile(file)
  const folder = dirname(real)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const mode = existsSync(real) ? statSync(real).mode & 0o777 : 0o600
  const fresh = join(folder, `.${basename(real)}.slipway`)
  rmSync(fresh, { force: true })
  const handle = openSync(fresh, 'wx', mode)
  try {
    writeFileSync(handle, bytes)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(fresh, real)
  settle(folder)
}

export function removeWhole(file: string): void {
  const real = realFile(file)
  rmSync(real, { force: true })
  settle(dirname(real))
}

function settle(folder: string) {
  const entry = openSync(folder, 'r')
  fsyncSync(entry)
  closeSync(entry)
}
