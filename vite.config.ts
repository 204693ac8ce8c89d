import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { xtermPolicy } from './tools/xterm-policy.ts'

/** Builds the renderer, for Electron's Chromium only, and with relative URLs, because `app://` serves it. */
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
