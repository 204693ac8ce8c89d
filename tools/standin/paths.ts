/** Standard folders on Linux (`app.getPath`), and the app's package.json. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const env = process.env
const home = env['HOME'] || homedir()
const config = env['XDG_CONFIG_HOME'] || join(home, '.config')

/** @returns undefined for folders that Electron does not know on Linux either */
export function standardPath(name: string, appName: string): string | undefined {
  const appFolder = join(config, appName)
  const paths: Record<string, string> = {
    home,
    appData: config,
    userData: appFolder,
    sessionData: appFolder,
    logs: join(appFolder, 'logs'),
    crashDumps: join(appFolder, 'Crashpad'),
    temp: tmpdir(),
    exe: join(import.meta.dirname, 'electron'),
    module: join(import.meta.dirname, 'electron'),
  }
  return paths[name] ?? userFolder(name)
}

const userFolders: Record<string, string> = {
  desktop: 'Desktop',
  documents: 'Documents',
  downloads: 'Downloads',
  music: 'Music',
  pictures: 'Pictures',
  videos: 'Videos',
}

/** The folder from xdg-user-dirs, or its English default name. */
function userFolder(name: string): string | undefined {
  const defaultName = userFolders[name]
  if (!defaultName) return undefined
  const list = join(config, 'user-dirs.dirs')
  // XDG_DOWNLOAD_DIR is the only key in the singular.
  const key = name === 'downloads' ? 'DOWNLOAD' : name.toUpperCase()
  const line = existsSync(list) ? new RegExp(`^XDG_${key}_DIR="(.*)"`, 'm').exec(readFileSync(list, 'utf8')) : null
  return line?.[1]?.replace('$HOME', home) ?? join(home, defaultName)
}

export interface Package {
  readonly name: string
  readonly version: string
}

/** Reads the nearest package.json at or above `path`. */
export function readPackage(path: string): Package {
  for (let folder = path; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) {
      const { productName, name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<
        string,
        string | undefined
      >
      return { name: productName ?? name ?? 'Electron', version: version ?? '0.0.0' }
    }
    if (folder === dirname(folder)) return { name: 'Electron', version: '0.0.0' }
  }
}

/** The user's languages in order of preference: `LANGUAGE=zh_CN:en` or `LANG=zh_CN.UTF-8` → `zh-CN`, … */
export function systemLanguages(): string[] {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  const names = [...(env['LANGUAGE'] ?? '').split(':'), locale].map((name) =>
    name.replace(/[.@].*$/, '').replaceAll('_', '-'),
  )
  return [...new Set(names.filter((name) => name !== '' && name !== 'C' && name !== 'POSIX'))]
}
