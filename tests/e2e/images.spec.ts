import { expect, test } from './slipway.ts'

test('the list shows what docker images shows, and how many containers use each image', async ({ app, demo }) => {
  const nginx = app.row('nginx', '1.27')
  const { Id } = await demo.docker.getImage('nginx:1.27').inspect()
  await expect(nginx).toContainText(Id.slice(7, 19))
  await expect(nginx).toContainText(/\d+ (minutes|hours|days|weeks|months) ago|yesterday/)
  await expect(nginx).toContainText(/[\d.]+ [kMG]B/)
  await expect(nginx.getByRole('gridcell').last()).toHaveText('2')
  await expect(app.row('dangling').first()).toContainText('<none>')
})

test('an image with two tags has two rows and counts once', async ({ app, demo }) => {
  const images = await demo.docker.listImages()
  await expect(app.row('nginx', 'stable')).toBeVisible()
  await expect(app.footer).toContainText(`${images.length} images`)
})

test('the footer shows how much disk space the images take, and in which folder they are', async ({ app, demo }) => {
  await expect(app.footer).toContainText(/[\d.]+ MB on disk \([\d.]+ [MG]B if nothing were shared\)/)
  await expect(app.footer).toContainText(`${demo.root}/data`)
})

test('the footer stays on one line in a narrow window while the list is filtered', async ({ app, demo }) => {
  await app.filter.fill('python')
  for (const width of [1240, 880]) {
    await app.page.setViewportSize({ width, height: 560 })
    await expect(app.footer).toHaveCSS('height', '46px')
    const [footer, cleanUp] = await Promise.all([
      app.footer.boundingBox(),
      app.footer.getByRole('button', { name: 'Clean up…' }).boundingBox(),
    ])
    expect(footer!.x + footer!.width).toBeLessThanOrEqual(width)
    expect(cleanUp!.x + cleanUp!.width).toBeGreaterThan(footer!.x + footer!.width - 30)
    await expect(app.footer.getByTitle(`${demo.root}/data`)).toBeVisible()
  }
})

test('each tag of a repository has its own row', async ({ app }) => {
  await app.filter.fill('ubuntu')
  await expect(app.row('ubuntu', '12.04')).toBeVisible()
  await expect(app.row('ubuntu', '12.10')).toBeVisible()
  expect(await app.row('ubuntu', '12.04').textContent()).not.toBe(await app.row('ubuntu', '12.10').textContent())
})

test('the filter narrows the list while typing, and can be cleared', async ({ app }) => {
  await app.page.keyboard.press('/')
  await app.page.keyboard.type('postgres alp')
  await expect(app.list.getByRole('row')).toHaveCount(2)
  await expect(app.footer).toContainText('1 match')
  await app.filter.fill('no such thing')
  await expect(app.page.getByText('Nothing matches “no such thing”.')).toBeVisible()
  await app.page.getByRole('main').getByRole('button', { name: 'Clear the filter' }).click()
  await expect(app.row('nginx', '1.27')).toBeVisible()
})

test('an image can be found by part of its ID', async ({ app, demo }) => {
  const { Id } = await demo.docker.getImage('redis:7').inspect()
  await app.filter.fill(Id.slice(7, 15))
  await expect(app.list.getByRole('row')).toHaveCount(2)
  await expect(app.row('redis', '7')).toBeVisible()
})

test('each column sorts the list, and a second click reverses it', async ({ app }) => {
  const firstRepository = () => app.rows.first().getByRole('gridcell').nth(1)
  await expect(app.page.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'descending')
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await expect(app.page.getByRole('columnheader', { name: 'Repository' })).toHaveAttribute('aria-sort', 'ascending')
  const firstAscending = await firstRepository().textContent()
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await expect(firstRepository()).not.toHaveText(firstAscending!)
  for (const name of ['Tag', 'Image ID', 'Created', 'Used']) {
    await app.page.getByRole('columnheader').getByRole('button', { name }).click()
    await expect(app.page.getByRole('columnheader', { name })).toHaveAttribute('aria-sort', /ending/)
  }
})

test('the details pane shows the image of the row under the cursor', async ({ app, demo }) => {
  await app.row('nginx', '1.27').click()
  await app.openTab('Details')
  const inspected = await demo.docker.getImage('nginx:1.27').inspect()
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('nginx:1.27')
  await expect(app.details).toContainText('in use')
  await expect(app.fact('Tags')).toContainText('nginx:stable')
  await expect(app.fact('Image ID')).toContainText(inspected.Id)
  await expect(app.fact('Ports')).toContainText('80/tcp')
  await expect(app.fact('Command')).toContainText(inspected.Config.Cmd!.join(' '))
  await expect(app.fact('Environment')).toContainText('NGINX_VERSION')
  await expect(app.details).toContainText('linux/amd64')
  await app.openTab('Used by')
  await expect(app.fact('Used by')).toContainText('web')
  await expect(app.fact('Used by')).toContainText('running')
})

test('the full image ID is copied', async ({ app, demo }) => {
  await app.row('nginx', '1.27').click()
  await app.openTab('Details')
  await app.fact('Image ID').getByRole('button', { name: 'Copy Image ID' }).click()
  const { Id } = await demo.docker.getImage('nginx:1.27').inspect()
  await expect.poll(() => app.clipboard()).toBe(Id)
})

test('changes made outside the app appear in the list: a tag added, moved and removed, a container created and removed', async ({
  app,
  demo,
}) => {
  const { docker } = demo
  await docker.getImage('alpine:3.20').tag({ repo: 'outside', tag: '1' })
  await expect(app.row('outside', '1')).toBeVisible()
  const alpine = await app.row('outside', '1').textContent()
  await docker.getImage('redis:7').tag({ repo: 'outside', tag: '1' })
  await expect(app.row('outside', '1')).toHaveCount(1)
  await expect(app.row('outside', '1')).not.toHaveText(alpine!)

  const container = await docker.createContainer({
    Image: 'outside:1',
    Cmd: ['true'],
    HostConfig: { NetworkMode: 'none' },
  })
  await expect(app.row('outside', '1').getByRole('gridcell').last()).toHaveText('2')
  await container.remove()
  await expect(app.row('outside', '1').getByRole('gridcell').last()).toHaveText('1')

  await docker.getImage('outside:1').remove()
  await expect(app.row('outside', '1')).toHaveCount(0)
})

test('the preset filters show how many images they match, and narrow the list', async ({ app, demo }) => {
  const images = await demo.docker.listImages()
  const containers = await demo.docker.listContainers({ all: true })
  const usedIds = new Set(containers.map(({ ImageID }) => ImageID))
  const unusedCount = images.filter(({ Id }) => !usedIds.has(Id)).length
  await expect(app.presetFilter(/^All/)).toHaveText(`All ${images.length}`)
  await expect(app.presetFilter(/^Unused/)).toHaveText(`Unused ${unusedCount}`)
  await app.presetFilter(/^Dangling/).click()
  await expect(app.rows).toHaveCount(2)
  await app.presetFilter(/^Unused/).click()
  await expect(app.row('nginx', '1.27')).toHaveCount(0)
  await expect(app.row('nginx', '1.25')).toBeVisible()
  await app.presetFilter(/^Unused/).click()
  await expect(app.row('nginx', '1.27')).toBeVisible()
})

test('the preset filter for old images has a choice of ages', async ({ app }) => {
  await app.page.getByRole('combobox', { name: 'Age' }).selectOption({ label: '24 months' })
  await expect(app.row('centos', '7')).toBeVisible()
  await expect(app.row('nginx', '1.25')).toHaveCount(0)
  await app.page.getByRole('combobox', { name: 'Age' }).selectOption({ label: '12 months' })
  await expect(app.row('nginx', '1.25')).toBeVisible()
})

test('the filter takes conditions on size, date and use, beside words', async ({ app }) => {
  await app.filter.fill('size>50MB')
  await expect(app.row('node', '22')).toBeVisible()
  await expect(app.row('nginx', '1.27')).toHaveCount(0)
  await app.filter.fill('nginx unused')
  await expect(app.rows).toHaveCount(1)
  await app.filter.fill('created<2016 size<1GB')
  await expect(app.row('ubuntu', '12.10')).toBeVisible()
  await expect(app.row('node', '22')).toHaveCount(0)
  // An unfinished condition hides nothing.
  await app.filter.fill('nginx size>')
  await expect(app.row('nginx', '1.27')).toBeVisible()
})

test('an image can be found by its labels', async ({ app, demo }) => {
  const all = await demo.docker.listImages()
  const labelled = all.find(({ Labels, RepoTags }) => Object.keys(Labels ?? {}).length > 0 && RepoTags?.length)!
  const [name, value] = Object.entries(labelled.Labels)[0]!
  await app.filter.fill(`${name}=${value}`.split(' ')[0]!)
  await expect(app.rows.filter({ hasText: labelled.Id.slice(7, 19) }).first()).toBeVisible()
  await app.filter.fill('no-label-holds-this')
  await expect(app.page.getByText('Nothing matches')).toBeVisible()
})

test('if a tag is removed outside the app while the details of its image are shown, the window says so', async ({
  app,
  demo,
}) => {
  await demo.docker.getImage('busybox:latest').tag({ repo: 'passing-by', tag: '1' })
  await app.row('passing-by', '1').click()
  await demo.docker.getImage('passing-by:1').remove()
  await expect(app.page.getByText('passing-by:1 is no longer there.')).toBeVisible()
})

test('a tag can be added, and a tag that belongs to another image moves only after a warning', async ({
  app,
  demo,
}) => {
  const { docker } = demo
  await docker.getImage('redis:7').tag({ repo: 'tagged', tag: 'here' })
  await app.row('nginx', '1.27').click()
  await app.page.keyboard.press('t')
  const sheet = app.page.getByRole('dialog')
  await expect(sheet.getByRole('heading')).toHaveText('nginx:1.27')
  await sheet.getByRole('textbox').fill('Not A Name')
  await expect(sheet).toContainText('Docker does not accept this name.')
  await expect(sheet.getByRole('button', { name: 'Add tag' })).toBeDisabled()
  await sheet.getByRole('textbox').fill('tagged:new')
  await sheet.getByRole('button', { name: 'Add tag' }).click()
  await expect(app.row('tagged', 'new')).toBeVisible()
  await expect(app.page.getByText('Tagged as tagged:new.')).toBeVisible()

  await app.page.keyboard.press('t')
  await sheet.getByRole('textbox').fill('tagged:here')
  await expect(sheet).toContainText('tagged:here belongs to the image')
  await expect(sheet).toContainText('The other image keeps redis:7.')
  await app.expectAccessible()
  await app.page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  const redis = (await docker.getImage('redis:7').inspect()).Id
  expect((await docker.getImage('tagged:here').inspect()).Id).toBe(redis)

  await app.page.keyboard.press('t')
  await sheet.getByRole('textbox').fill('tagged:here')
  await sheet.getByRole('button', { name: 'Move tag' }).click()
  const nginx = (await docker.getImage('nginx:1.27').inspect()).Id
  await expect.poll(async () => (await docker.getImage('tagged:here').inspect()).Id).toBe(nginx)
  await docker.getImage('tagged:here').remove()
  await docker.getImage('tagged:new').remove()
})

test('the disk usage is listed by category, with the command that cleans up containers', async ({ app }) => {
  await app.footer.getByRole('button', { name: /on disk/ }).click()
  const sheet = app.page.getByRole('dialog', { name: 'Disk space used by Docker' })
  const category = (name: string) =>
    sheet.getByRole('listitem').filter({ has: app.page.getByText(name, { exact: true }) })
  await expect(category('Images')).toContainText(/[\d.]+ MB/)
  await expect(category('Containers')).toContainText('docker container prune')
  await app.expectAccessible()
})
