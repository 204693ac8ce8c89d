// Writes pictures of every screen in each theme, language and window size to pictures/, with an index.html.
// ./dev pictures [word…]   only the scenes whose names contain one of the words
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { startDemo } from './demo.ts'
import { openDisplay } from './display.ts'
import { launch, waitUntilDrawn } from './launch.ts'
import { scenes } from './scenes/index.ts'
import type { Scene } from './scenes/scene.ts'
import { runSteps } from './steps.ts'

const folder = 'pictures'
const sizes = [
  { width: 1240, height: 780 },
  { width: 880, height: 560 },
] as const
const variants = [
  { language: 'en', theme: 'light' },
  { language: 'zh-CN', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'zh-CN', theme: 'light' },
] as const

const words = process.argv.slice(2)
const selectedScenes = scenes.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
const [buildOutcome] = await runSteps([{ name: 'build', command: [process.execPath, 'tools/build.ts'] }])
if (!buildOutcome?.ok) process.exit(1)
if (words.length === 0) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const display = await openDisplay({ virtual: true })
const demo = await startDemo()
const files: string[] = []
try {
  for (const scene of selectedScenes) for (const variant of variants) await takePictures(scene, variant)
} finally {
  await demo.stop()
  display.close()
}
writeFileSync(join(folder, 'index.html'), indexPage(files))
console.log(`${files.length} pictures: ${join(process.cwd(), folder, 'index.html')}`)

async function takePictures(scene: Scene, variant: (typeof variants)[number]) {
  const { name, socket, main, wholePage = false, arrange, prepare, show } = scene
  const undo = arrange?.()
  const app = await launch({
    ...variant,
    ...(main !== undefined && { main }),
    ...(!prepare && { socket: socket ?? demo.socket }),
    prepareConfig: demo.prepareConfig,
    env: { ...display.env, ...demo.env, ...(await prepare?.(demo.socket)) },
  })
  try {
    for (const size of sizes) {
      await app.page.setViewportSize(size)
      if (size === sizes[0]) {
        await waitUntilDrawn(app.page)
        await show(app.page)
      }
      await app.page.waitForTimeout(250)
      const file = `${name}-${variant.theme}-${variant.language}-${size.width}.png`
      await app.page.screenshot({ path: join(folder, file), fullPage: wholePage })
      files.push(file)
    }
    if (!wholePage) await cancelJobs(app.page)
  } finally {
    await app.close()
    undo?.()
  }
}

/** Cancels the running jobs. Otherwise, the app would ask for confirmation before it closes. */
async function cancelJobs(page: Page) {
  await page.evaluate(`(async () => {
    const runningJobs = async () => (await slipway.call('jobs.list')).value.filter(({ state }) => state === 'running')
    for (const { id } of await runningJobs()) await slipway.call('jobs.cancel', id)
    while ((await runningJobs()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  })()`)
}

function indexPage(files: readonly string[]): string {
  const figures = files.map(
    (file) => `<figure><a href="${file}"><img src="${file}" alt=""></a><figcaption>${file}</figcaption></figure>`,
  )
  return `<!doctype html><meta charset="utf-8"><title>Slipway: pictures</title>
<style>body{font:14px system-ui;display:flex;flex-wrap:wrap;gap:16px;padding:16px}img{width:600px;border:1px solid #8885}figure{margin:0}</style>
${figures.join('\n')}\n`
}
