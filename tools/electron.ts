/** Chooses the `electron` executable that runs the app: the real one if it is installed, otherwise the stand-in. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ElectronBinary {
  readonly path: string
  readonly real: boolean
}

const installedPath = 'node_modules/electron/dist/electron'
/** This file exists once the download has been tried. */
const attemptMarker = '.cache/electron-tried'

export function electronBinary(): ElectronBinary {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  const real = [...(override ? [join(override, 'electron')] : []), installedPath].find((path) => existsSync(path))
  return real
    ? { path: join(process.cwd(), real), real: true }
    : { path: join(process.cwd(), 'tools/standin/electron'), real: false }
}

/**
 * Runs the download script of the electron package, once per checkout and for at most 30 s, because some networks block
 * the download. The script honours ELECTRON_MIRROR.
 */
export function tryDownloadElectron() {
  if (electronBinary().real || existsSync(attemptMarker)) return
  console.log('Downloading Electron (once, at most 30 s)…')
  spawnSync(process.execPath, ['node_modules/electron/install.js'], { stdio: 'ignore', timeout: 30_000 })
  mkdirSync('.cache', { recursive: true })
  writeFileSync(attemptMarker, '')
  if (!electronBinary().real)
    console.log(
      "Electron's binary could not be downloaded. The stand-in shows the app in Chromium (README, “What you see”).",
    )
}
