import { expect, test } from './slipway.ts'

test('the list tells what docker images tells, and how many containers use each image', async ({ app, demo }) => {
  const nginx = app.row('nginx', '1.27')
  const { Id } = await demo.docker.getImage('nginx:1.27').inspect()
  await expect(nginx).toContainText(Id.slice(7, 19))
  await expect(nginx).toContainText(/\d+ (minutes|hours|days|weeks|months) ago|yesterday/)
  await expect(nginx).toContainText(/[\d.]+ [kMG]B/)
  await expect(nginx.getByRole('gridcell').last()).toHaveText('2')
  await expect(app.row('dangling').first()).toContainText('<none>')
})

test('an image with two tags stands in two lines and counts once', async ({ app, demo }) => {
  const images = await demo.docker.listImages()
  await expect(app.row('nginx', 'stable')).toBeVisible()
  await expect(app.foot).toContainText(`${images.length} images`)
})

test('the foot tells what the images take in truth, and where they lie', async ({ app, demo }) => {
  await expect(app.foot).toContainText(/[\d.]+ MB on disk \([\d.]+ [MG]B if each stood alone\)/)
  await expect(app.foot).toContainText(`${demo.root}/data`)
})

test('one repository with several tags is told apart', async ({ app }) => {
  await app.filter.fill('ubuntu')
  await expect(app.row('ubuntu', '12.04')).toBeVisible()
  await expect(app.row('ubuntu', '12.10')).toBeVisible()
  expect(await app.row('ubuntu', '12.04').textContent()).not.toBe(await app.row('ubuntu', '12.10').textContent())
})

test('the filter narrows the list while one types, and offers the way back', async ({ app }) => {
  await app.page.keyboard.press('/')
  await app.page.keyboard.type('postgres alp')
  await expect(app.list.getByRole('row')).toHaveCount(2)
  await expect(app.foot).toContainText('1 line matches')
  await app.filter.fill('no such thing')
  await expect(app.page.getByText('Nothing matches “no such thing”.')).toBeVisible()
  await app.page.getByRole('main').getByRole('button', { name: 'Clear the filter' }).last().click()
  await expect(app.row('nginx', '1.27')).toBeVisible()
})

test('an image is found by a part of its id', async ({ app, demo }) => {
  const { Id } = await demo.docker.getImage('redis:7').inspect()
  await app.filter.fill(Id.slice(7, 15))
  await expect(app.list.getByRole('row')).toHaveCount(2)
  await expect(app.row('redis', '7')).toBeVisible()
})

test('each column sorts the list, and a second click turns it round', async ({ app }) => {
  const first = () => app.list.getByRole('row').nth(1).getByRole('gridcell').first()
  await expect(app.page.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'descending')
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await expect(app.page.getByRole('columnheader', { name: 'Repository' })).toHaveAttribute('aria-sort', 'ascending')
  const ascending = await first().textContent()
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await expect(first()).not.toHaveText(ascending!)
  for (const name of ['Tag', 'Image ID', 'Created', 'Used']) {
    await app.page.getByRole('columnheader').getByRole('button', { name }).click()
    await expect(app.page.getByRole('columnheader', { name })).toHaveAttribute('aria-sort', /ending/)
  }
})

test('the row under the cursor shows its details', async ({ app, demo }) => {
  await app.row('nginx', '1.27').click()
  const about = await demo.docker.getImage('nginx:1.27').inspect()
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('nginx:1.27')
  await expect(app.details).toContainText('in use')
  await expect(app.fact('Tags')).toContainText('nginx:stable')
  await expect(app.fact('Image ID')).toContainText(about.Id)
  await expect(app.fact('Ports')).toContainText('80/tcp')
  await expect(app.fact('Command')).toContainText(about.Config.Cmd!.join(' '))
  await expect(app.fact('Environment')).toContainText('NGINX_VERSION')
  await expect(app.fact('Used by')).toContainText('web')
  await expect(app.fact('Used by')).toContainText('running')
  await expect(app.details).toContainText('linux/amd64')
})

test('the id is copied whole', async ({ app, demo }) => {
  await app.row('nginx', '1.27').click()
  await app.fact('Image ID').getByRole('button', { name: 'Copy Image ID' }).click()
  const { Id } = await demo.docker.getImage('nginx:1.27').inspect()
  await expect.poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(Id)
})

test('what happens outside shows at once: a tag set, moved and taken away, a container made and removed', async ({
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
