/** Which electron runs the app here: the real one where its binary is, else the stand-in. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ElectronBinary {
  readonly path: string
  readonly real: boolean
}

const own = 'node_modules/electron/dist/electron'
const tried = '.cache/electron-tried'

export function electronBinary(): ElectronBinary {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  const real = [...(override ? [join(override, 'electron')] : []), own].find((path) => existsSync(path))
  return real
    ? { path: join(process.cwd(), real), real: true }
    : { path: join(process.cwd(), 'tools/standin/electron'), real: false }
}

/**
 * Asks the electron package for its binary, once for each checkout and for half a minute at most:
 * behind some networks it can never be had. Honours ELECTRON_MIRROR.
 */
export function tryToGetElectron() {
  if (electronBinary().real || existsSync(tried)) return
  console.log('Fetching Electron, once, for 30 seconds at most…')
  spawnSync(process.execPath, ['node_modules/electron/install.js'], { stdio: 'ignore', timeout: 30_000 })
  mkdirSync('.cache', { recursive: true })
  writeFileSync(tried, '')
  if (!electronBinary().real)
    console.log(
      "Electron's binary cannot be had here. The stand-in shows the app in Chromium (README, “What you see”).",
    )
}
