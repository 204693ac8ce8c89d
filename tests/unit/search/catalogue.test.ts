import { expect, test } from 'vitest'
import { readCatalogue } from '../../../main/search/catalogue.ts'
import { searchCatalogue } from '../../../model/search/catalogue.ts'
import { officialPlatform, platformName } from '../../../model/image/platform.ts'
import { parseReference } from '../../../model/image/reference.ts'

const catalogue = readCatalogue()
const repositoriesFor = (words: string) => catalogue.search(words).map(({ repository }) => repository)

test('the exact name comes first, then names that begin with it, names that contain it, and descriptions', () => {
  const entry = (name: string, text = '', stars?: number) => ({
    ...{ name, texts: [text], categories: ['web servers'] },
    ...(stars !== undefined && { stars }),
  })
  const all = [
    entry('other', 'not a go program', 9),
    entry('mongo', 'MongoDB', 99),
    entry('gopher', '', 1),
    entry('golang', '', 5),
    entry('go'),
    entry('algol', 'algorithms', 7),
    entry('far', 'cargo'),
  ]
  const find = (words: string) => searchCatalogue(all, words).map(({ name }) => name)
  expect(find('Go')).toEqual(['go', 'golang', 'gopher', 'mongo', 'algol', 'other'])
  expect(find('go program')).toEqual(['other'])
  expect(find('servers go')).toEqual(find('go'))
  expect(find('nothing')).toEqual([])
  expect(find('  ')).toEqual([])
})

test('images are found by words in English and in Chinese', () => {
  expect(repositoriesFor('nginx')[0]).toBe('nginx')
  expect(repositoriesFor('database')).toContain('postgres')
  expect(repositoriesFor('数据库')).toContain('postgres')
  expect(repositoriesFor('hello world')[0]).toBe('hello-world')
})

test('the most starred images come first, with the month of the count', () => {
  const { starred, images } = catalogue.featured()
  expect(starred).toMatch(/^\d{4}-\d\d$/)
  const stars = images.map(({ stars }) => stars!)
  expect(stars).toEqual(stars.toSorted((a, b) => b - a))
  expect(images.length).toBeGreaterThan(20)
})

test('a deprecated image names its replacement', () => {
  expect(catalogue.find('centos')?.known?.deprecated?.instead).toContain('almalinux')
  expect(catalogue.find('nginx')?.known).not.toHaveProperty('deprecated')
})

test('every image name and tag of the catalogue is valid, and every platform is one of Linux', () => {
  const all = catalogue.search('a').concat(catalogue.search('e'))
  expect(all.length).toBeGreaterThan(130)
  for (const { repository } of all) {
    expect(parseReference(repository)?.repository).toBe(repository)
    for (const { tags, platforms } of catalogue.tags(repository)?.variants ?? []) {
      for (const tag of tags) expect(parseReference(`${repository}:${tag}`)?.tag).toBe(tag)
      for (const platform of platforms) expect(platform).toMatch(/^linux\/[a-z0-9]+(\/v[5-7])?$/)
    }
  }
})

test('a variant lists its version and its other tags, and only images of the catalogue have variants', () => {
  const { asOf, variants } = catalogue.tags('nginx')!
  expect(asOf).toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(variants[0]!.tags.slice(0, 2)).toEqual(['latest', expect.stringMatching(/^\d+\.\d+\.\d+$/)])
  expect(variants[0]!.tags).toContain('mainline')
  expect(catalogue.tags('team/x')).toBeUndefined()
  expect(catalogue.tags('toString')).toBeUndefined()
})

test('platforms are written as Docker writes them', () => {
  expect(['amd64', 'arm32v5', 'arm32v7', 'arm64v8', 'i386', 's390x'].map(officialPlatform)).toEqual([
    ...['linux/amd64', 'linux/arm/v5', 'linux/arm/v7', 'linux/arm64', 'linux/386', 'linux/s390x'],
  ])
  expect(platformName({ os: 'windows', architecture: 'amd64', variant: '' })).toBe('windows/amd64')
})
