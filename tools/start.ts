// `./dev start`: runs the app with this machine's engine, or in a throwaway world if no engine answers.
// --demo   always use the throwaway world
// --check  open, wait until the list is drawn, print what is shown, write a picture, close
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { discoverEngine } from '../main/engine/index.ts'
import { openDisplay } from './display.ts'
import { electronBinary, tryDownloadElectron } from './electron.ts'
import { launch, waitUntilDrawn } from './launch.ts'
import { runWithOutput, runSteps } from './steps.ts'
import { startDemo, type Demo } from './demo.ts'

const hasFlag = (flag: string) => process.argv.includes(flag)
const picture = join('pictures', 'window.png')

tryDownloadElectron()
const [buildOutcome] = await runSteps([{ name: 'build', command: [process.execPath, 'tools/build.ts'] }])
if (!buildOutcome?.ok) process.exit(1)

const demo = hasFlag('--demo') || !(await engineAnswers()) ? await startDemo() : undefined
const display = await openDisplay()
try {
  if (hasFlag('--check') || display.virtual) await startAndCheck(demo)
  else await startForUser(demo)
} finally {
  display.close()
  await demo?.stop()
}

async function engineAnswers(): Promise<boolean> {
  const { ok } = await discoverEngine({ env: process.env, home: homedir() })
  if (!ok) console.log('Docker does not respond on this machine: starting a throwaway world, which is removed on exit.')
  return ok
}

async function startForUser(demo: Demo | undefined) {
  const { path, real } = electronBinary()
  const args = [...(real && process.getuid?.() === 0 ? ['--no-sandbox'] : []), 'dist/main/index.cjs']
  if (!demo) return void (await runWithOutput(path, args, {}))
  // Changes made in the demo must not affect the user's settings, nor the user's saved copies of images.
  const config = mkdtempSync(join(tmpdir(), 'slipway-demo-'))
  demo.prepareConfig(config)
  const home = join(config, 'home')
  mkdirSync(home)
  await runWithOutput(path, args, {
    DOCKER_HOST: `unix://${demo.socket}`,
    XDG_CONFIG_HOME: config,
    HOME: home,
    // X clients look for this file in HOME.
    XAUTHORITY: process.env['XAUTHORITY'] ?? join(homedir(), '.Xauthority'),
    ...demo.env,
  })
  rmSync(config, { recursive: true, force: true })
}

/** Writes a picture of the window and prints what it shows; without `--check`, then waits until the app is closed. */
async function startAndCheck(demo: Demo | undefined) {
  const language = process.env['LANG']?.startsWith('zh') ? 'zh-CN' : 'en'
  const app = await launch({
    language,
    env: { ...display.env, ...demo?.env },
    ...(demo && { socket: demo.socket, prepareConfig: demo.prepareConfig }),
  })
  try {
    await waitUntilDrawn(app.page)
    mkdirSync('pictures', { recursive: true })
    await app.page.screenshot({ path: picture })
    console.log(await describeScreen(app.page))
    console.log(`picture: ${join(process.cwd(), picture)}`)
    if (hasFlag('--check')) return
    console.log('The window is open on a virtual display. Ctrl+C closes it.')
    await Promise.race([app.page.waitForEvent('close', { timeout: 0 }), waitForInterrupt()])
  } finally {
    await app.close()
  }
}

async function describeScreen(page: Page): Promise<string> {
  const { state, images } = await page.evaluate(async () => ({
    state: await slipway.call('engine.state'),
    images: await slipway.call('images.snapshot'),
  }))
  if (!state.ok || !images.ok) throw new Error('the window does not respond')
  if (state.value.status !== 'connected') return `engine: ${state.value.status}`
  const { product, version, api, rootDir } = state.value.facts
  const { images: all, containers } = images.value
  const tags = all.reduce((sum, { references }) => sum + references.length, 0)
  return [
    `engine: ${product} ${version}, API ${api}, ${rootDir}`,
    `images: ${all.length}, tags: ${tags}, containers: ${containers.length}`,
  ].join('\n')
}

const waitForInterrupt = () =>
  new Promise<void>((resolve) => ['SIGINT', 'SIGTERM'].forEach((name) => process.once(name, () => resolve())))
