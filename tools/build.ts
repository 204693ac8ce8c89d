// Builds main, preload and renderer into dist/.
import { copyFile, cp } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { build, type InlineConfig, type Plugin } from 'vite'
import renderer from '../vite.config.ts'

/**
 * What dockerode brings and Slipway never calls: an ssh that accepts any host's key (main/engine/connect/routes.ts has its
 * own way), and gRPC for BuildKit's sessions. They would be two thirds of main, and of the time that it takes to load.
 */
const uncalled = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader']
const withoutUncalled: Plugin = {
  name: 'without-uncalled',
  enforce: 'pre',
  resolveId: (id) => (uncalled.includes(id) ? '\0uncalled' : undefined),
  load: (id) => (id === '\0uncalled' ? 'module.exports = {}' : undefined),
}

/** One CommonJS file that needs no node_modules: Electron's sandboxed preload asks for that form. */
const node = (entry: string, outDir: string, target: string): InlineConfig => ({
  configFile: false,
  logLevel: 'warn',
  plugins: [withoutUncalled],
  build: {
    target,
    outDir,
    emptyOutDir: true,
    minify: false,
    reportCompressedSize: false,
    ssr: entry,
    rolldownOptions: {
      external: ['electron', /^node:/, ...builtinModules],
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
await cp('resources/helper', 'dist/helper', { recursive: true, filter: (file) => !file.endsWith('__pycache__') })
