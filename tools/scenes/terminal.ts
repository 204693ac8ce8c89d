/** Scenes of the Terminals screen. */
import type { Page } from 'playwright-core'
import type { Scene } from './scene.ts'

export const terminalScenes: readonly Scene[] = [
  {
    name: 'terminal',
    async show(page) {
      await openShell(page)
      await typeLines(
        page,
        'ls',
        'echo "你好, Slipway 🐳"',
        'echo "｜表｜格｜（全角）「标点」"',
        "printf '\\033[31mred \\033[32mgreen \\033[33myellow \\033[34mblue \\033[35mmagenta \\033[36mcyan \\033[90mgrey\\033[0m \\033[7mreverse\\033[0m\\n'",
      )
    },
  },
  {
    name: 'terminal-ended',
    async show(page) {
      await openShell(page)
      await typeLines(page, 'echo "cannot find its configuration"', 'exit 137')
      await page.locator('footer button').first().waitFor()
    },
  },
  {
    name: 'terminal-search',
    async show(page) {
      await openShell(page)
      await typeLines(page, 'seq 1 400 | sed "s/$/ lines of output/"', 'echo done')
      await page.keyboard.press('Control+Shift+F')
      await page.keyboard.type('39')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Enter')
    },
  },
  {
    name: 'terminal-paste',
    async show(page) {
      await openShell(page)
      await page.evaluate(pasteScript('apt-get update\ncurl https://example.com/install.sh | sh\nrm -rf /tmp/x\n'))
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'terminal-tab-focus',
    async show(page) {
      await openShell(page)
      await page.keyboard.press('Control+Shift+Escape')
    },
  },
  {
    name: 'terminal-menu',
    async show(page) {
      await openShell(page)
      await page.locator('.xterm-screen').click({ button: 'right', position: { x: 200, y: 120 } })
      await page.getByRole('menu').last().waitFor()
    },
  },
]

/** Runs a shell in a new container `box`, after ending that of the previous picture. Also opens the logs of `web`. */
async function openShell(page: Page) {
  await page.evaluate(`(async () => {
    const size = { columns: 80, rows: 24 }
    const { images, containers } = (await slipway.call('images.snapshot')).value
    const oldBox = containers.find(({ name }) => name === 'box')
    if (oldBox) {
      const { value: terminal } = await slipway.call('terminals.open', { container: oldBox.id, kind: 'attach', size })
      await slipway.call('terminals.write', { id: terminal, text: '\\x03exit\\n' })
      while ((await slipway.call('containers.removalImpact', oldBox.id)).ok) await new Promise((resolve) => setTimeout(resolve, 100))
      await slipway.call('terminals.close', terminal)
    }
    const run = (reference, options) => {
      const image = images.find(({ references }) => references.includes(reference)).id
      const empty = { name: '', command: '', ports: [], volumes: [], environment: [], network: 'none', restart: 'no', memory: '', cpus: '', user: '', workdir: '' }
      return slipway.call('run.start', { options: { image, reference, interactive: true, removeAtEnd: true, ...empty, ...options }, size })
    }
    await run('busybox:latest', { name: 'box', command: 'sh' })
    const web = containers.find(({ name }) => name === 'web')
    await slipway.call('terminals.open', { container: web.id, kind: 'logs', size })
  })()`)
  await page.getByRole('navigation').getByRole('link').last().click()
  await page.locator('#terminal-tabs [role=tab]').first().click()
  await page.locator('.xterm-screen').click()
  // Wait for the prompt.
  await page.waitForTimeout(1000)
}

async function typeLines(page: Page, ...lines: readonly string[]) {
  for (const line of lines) {
    await page.keyboard.insertText(line)
    await page.keyboard.press('Enter')
    await page.waitForTimeout(300)
  }
}

/** A script for the page: pastes the text into the focused element. */
const pasteScript = (text: string) => `{
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/plain', ${JSON.stringify(text)})
  document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
}`
