// Builds main, preload and renderer into dist/.
import { copyFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { build, type InlineConfig } from 'vite'
import renderer from '../vite.config.ts'

/** One CommonJS file that needs no node_modules: Electron's sandboxed preload and ssh2 both ask for that form. */
const node = (entry: string, outDir: string, target: string): InlineConfig => ({
  configFile: false,
  logLevel: 'warn',
  build: {
    target,
    outDir,
    emptyOutDir: true,
    minify: false,
    reportCompressedSize: false,
    ssr: entry,
    rolldownOptions: {
      external: ['electron', 'cpu-features', /\.node$/, /^node:/, ...builtinModules],
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
  ssr: { noExternal: true },
})

await Promise.all([
  build(node('main/index.ts', 'dist/main', 'node24')),
  build(node('preload/bridge.ts', 'dist/preload', 'chrome156')),
  build({ ...renderer, configFile: false, logLevel: 'warn' }),
])
await copyFile('resources/icons/slipway.png', 'dist/icon.png')
