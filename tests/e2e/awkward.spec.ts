import { awkwardImages, html, longestName, longestTag } from '../../tools/world/awkward.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

const test = base.extend<{ awkward: Slipway }, { engine: Engine }>({
  engine: [
    async ({}, use) => {
      const engine = await startEngine({ version: '26.1', store: 'classic' })
      try {
        await loadImages(engine.docker, awkwardImages())
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  awkward: async ({ open, engine }, use) => use(await open({ socket: engine.socket })),
})

async function openDetails(app: Slipway, filter: string) {
  await app.filter.fill(filter)
  await app.list.getByRole('row').nth(1).click()
  await app.openTab('Details')
  await expect(app.fact('Image ID')).toBeVisible()
}

test('HTML in labels, environment variables and the command is shown as text and never rendered', async ({
  awkward: app,
}) => {
  await openDetails(app, 'awkward/html')
  await expect(app.fact('Labels')).toContainText(`title=${html}`)
  await expect(app.fact('Environment')).toContainText(`NOTE=${html}`)
  expect(await app.details.locator('img, script, b').count()).toBe(0)
  await app.expectAccessible()
})

test('control and bidirectional characters are shown as code points, and not copied', async ({ awkward: app }) => {
  await openDetails(app, 'awkward/control')
  await expect(app.fact('Environment')).toContainText('good⟨U+202E⟩gnp.exe⟨U+202C⟩')
  await expect(app.fact('Environment')).toContainText('⟨U+001B⟩[31mred')
  await app.fact('Environment').getByRole('button', { name: 'Copy Environment without hidden characters' }).click()
  await expect
    .poll(() => app.clipboard())
    .toBe('NOTE=goodgnp.exe isolated zero [31mred[0m]8;;http://x.example a\nb\tcde')
  await app.expectAccessible()
  // Nor does anything else in the window copy them.
  await app.page.evaluate(`slipway.call('window.copy', 'x\\u202ey\\u001b[201~\\u{e0041}\\nz')`)
  await expect.poll(() => app.clipboard()).toBe('xy[201~\nz')
  for (const tab of ['Layers', 'Details', 'Used by'] as const) {
    await app.openTab(tab)
    expect(await hiddenTexts(app)).toEqual([])
  }
})

/** @returns texts, tooltips and labels in the window that have a character that is not seen */
const hiddenTexts = (app: Slipway) =>
  app.page.evaluate<string[]>(
    `[...document.querySelectorAll('body *')]
      .flatMap((element) => [
        ...[...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data),
        ...[...element.attributes].map(({ value }) => value),
      ])
      .filter((text) => /(?![\\n\\t])[\\p{Cc}\\p{Bidi_Control}\\u200b\\u2028\\ufeff]/u.test(text))`,
  )

test('a label of ten thousand characters is shortened until “Show all” is clicked', async ({ awkward: app }) => {
  await openDetails(app, 'awkward/long-label')
  const label = app.fact('Labels').getByRole('listitem').filter({ hasText: 'word=' })
  expect((await label.textContent())!.length).toBeLessThan(600)
  await label.getByRole('button', { name: 'Show all', exact: true }).click()
  await expect(label).toContainText('x'.repeat(10_000))
})

test('a shortened label is copied whole, and shown whole at once', async ({ awkward: app }) => {
  await openDetails(app, 'awkward/long-label')
  const label = app.fact('Labels').getByRole('listitem').filter({ hasText: 'word=' })
  await expect(label).not.toContainText('x'.repeat(401))
  await label.getByRole('button', { name: 'Show all and copy Labels' }).click()
  await expect(label).toContainText('x'.repeat(10_000))
  await expect.poll(() => app.clipboard()).toBe(`word=${'x'.repeat(10_000)}`)
  await expect(label.getByRole('button', { name: 'Copy Labels' })).toBeFocused()
})

test('only a few of hundreds of labels are shown at first, with the total count', async ({ awkward: app }) => {
  await openDetails(app, 'awkward/many-labels')
  await expect(app.fact('Labels').getByRole('heading')).toContainText('300')
  expect(await app.fact('Labels').getByRole('listitem').count()).toBeLessThan(10)
})

test('the longest names and tags do not overflow their columns, and the details show them in full', async ({
  awkward: app,
}) => {
  for (const reference of [`awkward/longest-tag:${longestTag}`, `${longestName}:1`]) {
    await app.filter.fill(reference)
    const row = app.list.getByRole('row').nth(1)
    await row.click()
    await app.openTab('Details')
    await expect(app.fact('Tags')).toContainText(reference)
    const overflowing = await app.page.evaluate<number>(
      `[document.documentElement, ...document.querySelectorAll('[role=gridcell]')].filter((box) => box.scrollWidth > box.clientWidth).length`,
    )
    expect(overflowing).toBe(0)
  }
})

test('a name with a registry port and six path components is split at its tag', async ({ awkward: app }) => {
  await openDetails(app, 'one/two/three')
  await expect(app.rows.first().getByRole('gridcell').nth(2)).toContainText(/^1/)
  await expect(app.fact('Tags')).toContainText('registry.example.com:5000/one/two/three/four/five/six:1')
})

test('images for another architecture, without a date or without content are listed, and their details say so', async ({
  awkward: app,
}) => {
  await openDetails(app, 'awkward/arm')
  await expect(app.details).toContainText('linux/arm64/v8')
  await openDetails(app, 'awkward/before-1970')
  await expect(app.fact('Created')).toContainText('no date')
  await openDetails(app, 'awkward/nothing-in-it')
  await expect(app.fact('Size')).toContainText('0 B')
})

test('with a thousand images only the rows in view are rendered, and End goes to the last row', async ({ open }) => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await loadImages(engine.docker, manyImages(1000))
    const app = await open({ socket: engine.socket })
    await expect(app.list.getByRole('row').nth(1)).toBeVisible()
    const rows = Number(await app.list.getAttribute('aria-rowcount'))
    expect(rows).toBeGreaterThan(1000)
    expect(await app.list.getByRole('row').count()).toBeLessThan(100)
    await app.list.getByRole('row').nth(1).focus()
    await app.page.keyboard.press('End')
    await expect(app.list.locator(`[aria-rowindex="${rows}"]`)).toBeFocused()
    await expect(app.list.locator(`[aria-rowindex="${rows}"]`)).toBeInViewport()
    expect(await app.list.getByRole('row').count()).toBeLessThan(100)
  } finally {
    await engine.stop()
  }
})
