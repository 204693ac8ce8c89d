// Builds main, preload and renderer into dist/.
import { copyFile, cp } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { build, type InlineConfig, type Plugin } from 'vite'
import renderer from '../vite.config.ts'

/**
 * Dependencies of dockerode that Slipway never calls: an ssh client that accepts any host key (Slipway connects in
 * main/engine/connect/routes.ts), and gRPC for BuildKit sessions. Bundled, they would be two thirds of main.
 */
const unusedPackages = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader']
const omitUnused: Plugin = {
  name: 'omit-unused-packages',
  enforce: 'pre',
  resolveId: (id) => (unusedPackages.includes(id) ? '\0unused-package' : undefined),
  load: (id) => (id === '\0unused-package' ? 'module.exports = {}' : undefined),
}

/** Configures the build of one self-contained CommonJS file: Electron's sandboxed preload cannot load modules. */
const nodeBundleConfig = (entry: string, outDir: string, target: string): InlineConfig => ({
  configFile: false,
  logLevel: 'warn',
  plugins: [omitUnused],
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
  build(nodeBundleConfig('main/index.ts', 'dist/main', 'node24')),
  build(nodeBundleConfig('preload/bridge.ts', 'dist/preload', 'chrome156')),
  build({ ...renderer, configFile: false, logLevel: 'warn' }),
])
await copyFile('resources/icons/slipway.png', 'dist/icon.png')
await cp('resources/helper', 'dist/helper', { recursive: true, filter: (file) => !file.endsWith('__pycache__') })
