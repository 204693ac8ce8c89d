import { afterEach, expect, test, vi } from 'vitest'
import { parseContainerRows } from '../../../main/engine/api/container-list.ts'
import { parseImageRows } from '../../../main/engine/api/image-list.ts'

const row = { Id: 'sha256:a', ParentId: '', RepoTags: ['x:1'], RepoDigests: null, Created: 5, Size: 7, Labels: null }
const parsed = { id: 'sha256:a', references: ['x:1'], digests: [], created: 5, size: 7, labels: [] }

afterEach(() => vi.restoreAllMocks())

test('a date, size or label that is null is read as no date, an unknown size or an empty label', () => {
  expect(parseImageRows([{ ...row, Created: null, Size: null, Labels: { A: null } }])).toEqual([
    { ...parsed, created: 0, size: 0, sizeUnknown: true, labels: ['a='] },
  ])
  expect(parseImageRows([{ ...row, Size: undefined }])).toEqual([{ ...parsed, size: 0, sizeUnknown: true }])
})

test.each([
  [{ RepoTags: ['x:1', 7] }, {}, '"RepoTags.1": 7'],
  [{ RepoTags: 'x:1' }, { references: [] }, '"RepoTags": "x:1"'],
  [{ Size: '7 GB' }, { size: 0, sizeUnknown: true }, '"Size": "7 GB"'],
  [{ Labels: 'a' }, {}, '"Labels": "a"'],
])(
  'the valid fields of the row %j are read, and the row is marked as unreadable',
  (change, expectedChange, unreadable) => {
    const rows = parseImageRows([
      { ...row, ...change },
      { ...row, Id: 'sha256:b' },
    ])
    expect(rows).toEqual([
      { ...parsed, ...expectedChange, unreadable },
      { ...parsed, id: 'sha256:b' },
    ])
  },
)

test('a row without an id is left out and logged', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  expect(parseImageRows([{ ...row, Id: null }, row])).toEqual([parsed])
  expect(warn).toHaveBeenCalledWith(expect.any(String), '"Id": null')
})

test('a container with an invalid image ID is left out, and makes the use of images unknown', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const valid = { Id: 'c', Names: ['/web'], ImageID: 'sha256:a', State: 'running', Created: null }
  const container = { id: 'c', name: 'web', image: 'sha256:a', state: 'running', created: 0 }
  expect(parseContainerRows([valid])).toEqual({ containers: [container] })
  expect(parseContainerRows([valid, { ...valid, Id: 'd', ImageID: 3 }])).toEqual({
    containers: [container],
    failure: '"ImageID": 3',
  })
  expect(warn).toHaveBeenCalledOnce()
})
