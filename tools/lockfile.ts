// Repairs package-lock.json after `npm install`. If a registry does not serve optional packages of other platforms,
// npm omits them from the lockfile, and `npm ci` then rejects the lockfile as incomplete.
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  os?: string[]
  cpu?: string[]
  dev?: boolean
  optional?: boolean
  optionalDependencies?: Record<string, string>
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'win32', 'openharmony', 'openbsd', 'netbsd', 'aix', 'sunos']
const processors = ['arm64', 'x64', 'ia32', 'arm', 'riscv64', 's390x', 'ppc64', 'loong64', 'wasm32']
/** @returns the first of `parts` that the package name contains */
const findPartIn = (name: string, parts: readonly string[]) => parts.find((part) => name.includes(part))

const file = 'package-lock.json'
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }

/** @returns whether Node would resolve `dependency` from the package at `path` */
function canResolve(path: string, dependency: string): boolean {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${base && `${base}/`}node_modules/${dependency}`]) return true
    if (!base) return false
  }
}

let addedCount = 0
for (const [path, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const version = range.replace(/^[\^~]/, '')
    if (canResolve(path, name) || !/^\d/.test(version)) continue
    const cpu = findPartIn(name, processors)
    lock.packages[`node_modules/${name}`] = {
      version,
      os: [findPartIn(name, systems) ?? 'unsupported'],
      ...(cpu && { cpu: [cpu] }),
      dev: true,
      optional: true,
    }
    addedCount++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`lock file: ${addedCount} optional packages of other platforms added`)
