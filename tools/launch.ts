/** Launches the built app with Playwright, for tests, pictures, benchmarks and starts without a display. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { electronBinary } from './electron.ts'

export interface LaunchOptions {
  /** The engine's socket; if undefined, the app finds an engine itself. */
  readonly socket?: string
  readonly language?: 'en' | 'zh-CN'
  readonly theme?: 'light' | 'dark'
  readonly env?: NodeJS.ProcessEnv
  /** The user's configuration folder. Default: a new folder that is deleted when the app closes. */
  readonly config?: string
  /** Prepares a new configuration folder before the app starts. */
  readonly prepareConfig?: (config: string) => void
  /** The main script. Default: the built app's. */
  readonly main?: string
}

export interface LaunchedApp {
  readonly electron: ElectronApplication
  readonly page: Page
  close(): Promise<void>
}

/** Resolves once the window shows its navigation. */
export async function launch(options: LaunchOptions): Promise<LaunchedApp> {
  const app = await open(options)
  await app.page.getByRole('navigation').waitFor()
  return app
}

/** Resolves once the app has a window, which may not have drawn its content yet. */
export async function open({
  socket,
  language = 'en',
  theme = 'light',
  env = {},
  config,
  prepareConfig,
  main = 'dist/main/index.cjs',
}: LaunchOptions): Promise<LaunchedApp> {
  const { path, real } = electronBinary()
  const folder = config ?? mkdtempSync(join(tmpdir(), 'slipway-config-'))
  if (config === undefined) prepareConfig?.(folder)
  const remove = () => config ?? rmSync(folder, { recursive: true, force: true })
  const electron = await _electron.launch({
    executablePath: path,
    args: [...(real && process.getuid?.() === 0 ? ['--no-sandbox'] : []), main],
    colorScheme: theme,
    env: withoutUndefined({
      ...process.env,
      LANG: language === 'en' ? 'en_US.UTF-8' : 'zh_CN.UTF-8',
      LANGUAGE: language === 'en' ? 'en' : 'zh_CN',
      XDG_CONFIG_HOME: folder,
      ...(socket && { DOCKER_HOST: `unix://${socket}` }),
      ...env,
    }),
  })
  const page = await electron.firstWindow()
  return {
    electron,
    page,
    async close() {
      await electron.close()
      remove()
    },
  }
}

/** Waits until the window shows the list of images, or why there is none. Timeout: 60 s. */
export async function waitUntilDrawn(page: Page): Promise<void> {
  await page.locator('[role=gridcell], main h1[aria-live], main p.font-semibold').first().waitFor({ timeout: 60_000 })
}

const withoutUndefined = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
