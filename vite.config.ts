import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { xtermPolicy } from './tools/xterm-policy.ts'

/** Builds the renderer, only for Electron's Chromium, and with relative URLs, because the app serves it from `app://`. */
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
