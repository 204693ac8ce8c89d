import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { xtermPolicy } from './tools/xterm-policy.ts'

/** The renderer: built for the one browser that shows it, with relative addresses, for `app://`. */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [xtermPolicy(), svelte(), tailwindcss()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'esnext',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
