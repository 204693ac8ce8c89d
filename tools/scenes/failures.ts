/** Every error of the contract on one long page, rendered with the app's component, texts and styles. */
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'vite'
import { failureExamples } from './failure-examples.ts'
import type { Scene } from './scene.ts'

export const failureScenes: readonly Scene[] = [
  {
    name: 'failures',
    wholePage: true,
    async show(page) {
      const language = (await page.locator('html').getAttribute('lang')) ?? 'en'
      const html = await failuresPage(language)
      // Leave app://, whose content security policy forbids the page's inline styles.
      await page.goto('about:blank')
      await page.setContent(html)
    },
  },
]

/** Renders the page with Svelte's server-side rendering, so that the app contains no code for it. */
async function failuresPage(language: string): Promise<string> {
  const vite = await createServer({
    configFile: false,
    appType: 'custom',
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    server: { middlewareMode: true, ws: false, watch: null },
  })
  try {
    const { render } = await vite.ssrLoadModule('svelte/server')
    const { setLanguage } = await vite.ssrLoadModule('/renderer/ui/i18n.svelte.ts')
    const { default: FailureNote } = await vite.ssrLoadModule('/renderer/ui/FailureNote.svelte')
    await setLanguage(language)
    const sections = Object.entries(failureExamples).map(([code, examples]) => {
      const notes = examples.map((failure) => String(render(FailureNote, { props: { failure } }).body))
      return `<section><h2>${code}</h2>${notes.join('')}</section>`
    })
    return `<!doctype html><html lang="${language}"><meta charset="utf-8"><style>${appStyles()}${layout}</style>
<body>${sections.join('')}</body></html>`
  } finally {
    await vite.close()
  }
}

const appStyles = () =>
  globSync('dist/renderer/assets/*.css')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

const layout = `
html, body { height: auto; overflow: visible }
body { columns: 2; column-gap: 20px; padding: 16px }
section { break-inside: avoid; padding-bottom: 14px }
section > * + * { margin-top: 6px }
h2 { font: 11px monospace; opacity: .7 }
`
