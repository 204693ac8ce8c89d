import { expect, test, type Slipway } from './slipway.ts'

const searchBox = (app: Slipway) => app.page.getByRole('searchbox', { name: /^Search, or/ })
const results = (app: Slipway) => app.page.getByRole('grid', { name: 'Images found' })
const result = (app: Slipway, name: string) => results(app).getByRole('row').filter({ hasText: name }).first()
const tagRows = (app: Slipway, ...tags: string[]) =>
  tags.reduce(
    (rows, tag) => rows.filter({ hasText: tag }),
    app.page.getByRole('grid', { name: /^Tags of/ }).getByRole('row'),
  )

async function search(app: Slipway, words: string) {
  await app.page.keyboard.press('Control+k')
  await searchBox(app).fill(words)
}

test('before anything is typed the most starred images are shown, with the date of the star counts', async ({
  online,
}) => {
  await online.page.keyboard.press('Control+k')
  await expect(searchBox(online)).toBeFocused()
  await expect(online.page.getByText('as of 2024-08')).toBeVisible()
  const stars = await results(online).getByRole('row').locator('[role=gridcell]:last-child').allTextContents()
  const numbers = stars.map((text) => Number(text.replaceAll(/\D/g, '')))
  expect(numbers.length).toBeGreaterThan(5)
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a))
  await online.expectAccessible()
})

test('results from Docker Hub show name, description, stars and badges, and HTML in them is never rendered', async ({
  online,
}) => {
  await search(online, 'nginx')
  await expect(online.page.getByText('From Docker Hub')).toBeVisible()
  await expect(result(online, 'Web server, reverse proxy')).toContainText(/nginx\s*Official.*★/s)
  await expect(result(online, 'bitnami/nginx')).toContainText('Automated')
  await expect(result(online, 'awkward/nginx')).toContainText('<script>')
  expect(await online.page.locator('[role=grid] script, [role=grid] img').count()).toBe(0)
  await online.expectAccessible()
})

test('the keyboard moves from the search box to the results, to the tags, and back', async ({ online }) => {
  await search(online, 'nginx')
  await expect(result(online, 'bitnami/nginx')).toBeVisible()
  await online.page.keyboard.press('ArrowDown')
  await online.page.keyboard.press('j')
  await expect(online.details.getByRole('heading', { level: 2 })).not.toHaveText('nginx')
  await online.page.keyboard.press('k')
  await expect(online.details.getByRole('heading', { level: 2 })).toHaveText('nginx')
  await expect(tagRows(online, 'latest').first()).toBeVisible()
  await online.page.keyboard.press('Enter')
  await expect(online.page.locator('[role=row]:focus')).toContainText('latest')
  await online.page.keyboard.press('Escape')
  await expect(online.page.locator('[role=row]:focus')).toContainText('Web server')
})

test('in a narrow window the names of common tags are shown in full', async ({ online }) => {
  await online.page.setViewportSize({ width: 880, height: 560 })
  await search(online, 'nginx')
  await expect(tagRows(online, 'latest').first()).toBeVisible()
  const names = online.page.getByRole('grid', { name: /^Tags of/ }).locator('[role=row] b')
  await expect(names.nth(3)).toBeVisible()
  const truncated = await names.evaluateAll((all) =>
    all.filter((name) => name.getBoundingClientRect().right > name.parentElement!.getBoundingClientRect().right + 1),
  )
  expect(truncated).toEqual([])
})

test('tags can be filtered, and the filter and the platform are reset for the next image', async ({ online }) => {
  await search(online, 'nginx')
  await expect(tagRows(online, 'latest').first()).toBeVisible()
  const filter = online.details.getByRole('searchbox')
  await filter.fill('ALPINE')
  await expect(tagRows(online, 'latest')).toHaveCount(0)
  await expect(tagRows(online, 'alpine').first()).toBeVisible()
  await expect(filter).toHaveValue('ALPINE')
  const platform = online.details.getByRole('combobox', { name: 'Platform' })
  await platform.selectOption('linux/arm64')
  await expect(filter).toHaveValue('ALPINE')
  await search(online, 'redis')
  await expect(tagRows(online, 'latest').first()).toBeVisible()
  await expect(platform).toHaveValue('')
  await expect(filter).toHaveValue('')
})

test('thirty fast keystrokes send each source one request at a time, and results for older words are never shown', async ({
  online,
  hub,
}) => {
  hub.setBehaviour('hub.docker.com', 'slow')
  await search(online, '')
  await searchBox(online).pressSequentially('nginxxxxxxxxxxxxxxxxxxxxxxxxxx', { delay: 25 })
  await searchBox(online).fill('redis')
  await expect(result(online, 'redis/redis-stack')).toBeVisible()
  await expect(results(online).getByText('nginx')).toHaveCount(0)
  for (const host of ['hub.docker.com', 'index.docker.io', 'docker.1ms.run'] as const)
    expect(hub.requests.maxConcurrent(host, 'search')).toBeLessThanOrEqual(1)
  expect(hub.requests.of('hub.docker.com', 'search').length).toBeLessThanOrEqual(4)
})

test('if Docker Hub’s rate limit is reached, another host answers instead, and the screen says so', async ({
  online,
  hub,
}) => {
  hub.setBehaviour('hub.docker.com', 'limited')
  hub.setBehaviour('index.docker.io', 'down')
  await search(online, 'linuxserver')
  await expect(online.page.getByText('Docker Hub does not answer; these are from docker.1ms.run')).toBeVisible()
  await expect(result(online, 'linuxserver/nginx')).toBeVisible()
})

for (const behaviour of ['down', 'html', 'truncated', 'hung'] as const)
  test(`with all hosts of Docker Hub set to “${behaviour}”, nginx is still found, with the catalogue’s tags and their date`, async ({
    online,
    hub,
  }) => {
    test.slow(behaviour === 'hung')
    hub.setBehaviour('all', behaviour)
    await search(online, 'nginx')
    await expect(result(online, 'Web server, reverse proxy')).toBeVisible()
    await expect(tagRows(online, '1.30')).not.toHaveCount(0, { timeout: 30_000 })
    await expect(online.page.getByText('As of 2026-08-22')).toBeVisible()
    await expect(online.page.getByText('No search answers')).toBeVisible({ timeout: 30_000 })
  })

test('an invalid name is explained while it is typed, and a deprecated image names its replacement', async ({
  online,
}) => {
  await search(online, 'ghcr.io/Owner/name:1')
  await expect(online.page.getByText('cannot have capital letters')).toBeVisible()
  await expect(searchBox(online)).toHaveAttribute('aria-invalid', 'true')
  await online.expectAccessible()
  await searchBox(online).fill('centos')
  await online.details.getByRole('button', { name: 'almalinux' }).click()
  await expect(searchBox(online)).toHaveValue('almalinux')
  await expect(online.details.getByRole('heading', { level: 2 })).toHaveText('almalinux')
})

test('a tag that does not exist is reported before anything is pulled', async ({ online }) => {
  await search(online, 'nginx:no-such-tag')
  await online.page.keyboard.press('Enter')
  await expect(online.details.getByRole('alert')).toContainText('nginx:no-such-tag was not found')
})

test('a pasted command is kept in the box; its image and its platform are shown and used', async ({ online }) => {
  await search(online, '')
  const command = 'docker run -d \\ --platform linux/arm64 \\ -p 80:80 \\ nginx:1.27'
  // The box replaces the ends of pasted lines with spaces.
  await online.page.keyboard.insertText(command.replaceAll('\\ ', '\\\n'))
  await expect(searchBox(online)).toHaveValue(command)
  await expect(online.page.getByText('nginx:1.27', { exact: true })).toBeVisible()
  await expect(online.page.getByText('for linux/arm64')).toBeVisible()
  await expect(online.details.getByRole('heading', { level: 2 })).toHaveText('nginx')
  await expect(online.details.getByRole('combobox', { name: 'Platform' })).toHaveValue('linux/arm64')
  await online.expectAccessible()
  await searchBox(online).fill('docker pull nginx:1.27')
  await expect(online.details.getByRole('combobox', { name: 'Platform' })).toHaveValue('')
})

test('a tag that lacks the platform of a pasted command says so', async ({ online }) => {
  await search(online, 'docker pull --platform linux/arm64 bitnami/redis:3')
  const rowOf = (tag: string) => tagRows(online, tag)
  await expect(rowOf('3.0.2')).toContainText('Not for linux/arm64')
  await expect(rowOf('3.1.0')).not.toContainText('Not for')
  await online.details.getByRole('combobox', { name: 'Platform' }).selectOption('')
  await expect(rowOf('3.0.2')).not.toContainText('Not for')
})

test('the address of an image’s page shows the image, and the address of another page is explained', async ({
  online,
}) => {
  await search(online, 'https://hub.docker.com/r/bitnami/nginx/tags?page=1')
  await expect(online.details.getByRole('heading', { level: 2 })).toHaveText('bitnami/nginx')
  await expect(searchBox(online)).toHaveValue('https://hub.docker.com/r/bitnami/nginx/tags?page=1')
  await searchBox(online).fill('https://github.com/nginx/nginx')
  await expect(online.page.getByText('not an image’s page')).toBeVisible()
  await expect(searchBox(online)).toHaveAttribute('aria-invalid', 'true')
})
