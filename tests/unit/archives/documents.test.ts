import { expect, test } from 'vitest'
import { parseDocument, parseIndex, parseManifest } from '../../../main/archives/documents.ts'

const json = JSON.stringify
const [firstDigest, secondDigest] = ['sha256:1', 'sha256:2']

test('the name of an item of index.json is containerd’s annotation, or the tag if there is none', () => {
  const bothAnnotations = {
    'io.containerd.image.name': 'docker.io/library/one:1',
    'org.opencontainers.image.ref.name': '1',
  }
  const manifests = [
    { digest: firstDigest, size: 1, annotations: bothAnnotations },
    { digest: firstDigest, size: 1, annotations: { 'org.opencontainers.image.ref.name': '1' } },
    { digest: secondDigest, size: 2, annotations: null },
  ]
  expect(parseIndex(json({ manifests }))).toEqual([
    { digest: firstDigest, size: 1, name: 'docker.io/library/one:1' },
    { digest: firstDigest, size: 1, name: '1' },
    { digest: secondDigest, size: 2 },
  ])
})

test('null for the tags or the layers in manifest.json is read as an empty list', () => {
  const items = [
    { Config: 'a.json', RepoTags: null, Layers: ['a/layer.tar'] },
    { Config: 'b.json', RepoTags: ['one:1'], Layers: null },
  ]
  expect(parseManifest(json(items))).toEqual([
    { config: 'a.json', layers: ['a/layer.tar'], names: [] },
    { config: 'b.json', layers: [], names: ['one:1'] },
  ])
})

test('an index, a manifest and a config are distinguished by their content', () => {
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
  const descriptor = { digest: firstDigest, size: 1 }
  expect(parseDocument(json({ manifests: [{ ...descriptor, platform }, descriptor] }))).toEqual({
    kind: 'index',
    manifests: [{ ...descriptor, platform: 'linux/arm64' }, descriptor],
  })
  expect(parseDocument(json({ config: descriptor, layers: [{ digest: secondDigest, size: 2 }] }))).toEqual({
    ...{ kind: 'manifest', config: descriptor, layers: [{ digest: secondDigest, size: 2 }] },
  })
  expect(parseDocument(json({ ...platform, rootfs: { diff_ids: [secondDigest] } }))).toEqual({
    ...{ kind: 'config', platform: 'linux/arm64', diffIds: [secondDigest] },
  })
})

test.each(['', '{"manifests":', 'null', '[]', '"text"', '{}', '{"manifests":[{"digest":1}]}'])(
  'the text “%s” is not a document',
  (text) => {
    expect(parseDocument(text)).toBeUndefined()
  },
)

test('text that is not JSON, or JSON of another shape, is neither an index.json nor a manifest.json', () => {
  for (const text of ['', '{"manifests":1}', 'null', '{']) expect([parseIndex(text), parseManifest(text)]).toEqual([undefined, undefined]) // prettier-ignore
})
