import { expect, test } from 'vitest'
import { TarParser } from '../../../main/archives/tar.ts'
import { tarEnd, tarFile, tarHeader } from '../../../tools/world/tar.ts'

/** What a walk finds in a tar: files with their content, links with their target. */
function walked(...parts: readonly Buffer[]) {
  const found: Record<string, string> = {}
  const parser = new TarParser({
    file(path) {
      found[path] = ''
      return { data: (piece) => void (found[path] += piece.toString()), end: () => void (found[path] += '.') }
    },
    link: (path, target) => void (found[path] = `-> ${target}`),
  })
  parser.push(Buffer.concat(parts))
  return { found, ended: parser.ended }
}

/** A header of another type than a file or symbolic link. */
function typed(header: Buffer, type: string): Buffer {
  header[156] = type.charCodeAt(0)
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

test('each file is read to its end, an empty one too, and folders are passed over', () => {
  const folder = tarHeader({ name: 'folder/', size: 0 })
  const { found, ended } = walked(folder, tarFile('folder/one', 'text'), tarFile('./two', ''), tarEnd())
  expect(found).toEqual({ 'folder/one': 'text.', two: '.' })
  expect(ended).toBe(true)
})

test('a hard link is given relative to its folder, like a symbolic link', () => {
  const hard = typed(tarHeader({ name: 'a/b/hard', size: 0, link: 'c/file' }), '1')
  const { found } = walked(hard, tarHeader({ name: 'a/soft', size: 0, link: '../c/file' }), tarEnd())
  expect(found).toEqual({ 'a/b/hard': '-> ../../c/file', 'a/soft': '-> ../c/file' })
})

test('a long path of GNU tar applies to the next entry only', () => {
  const path = `${'long/'.repeat(40)}file`
  const long = [typed(tarHeader({ name: '././@LongLink', size: path.length + 1 }), 'L')]
  const content = Buffer.alloc(512)
  content.write(path)
  const { found } = walked(...long, content, tarFile('short', 'a'), tarFile('next', 'b'), tarEnd())
  expect(found).toEqual({ [path]: 'a.', next: 'b.' })
})

test.each([
  ['one block of zeros instead of two', [tarFile('a', 'x'), Buffer.alloc(512)]],
  ['an entry after the end', [tarFile('a', 'x'), tarEnd(), tarFile('b', 'x')]],
  ['a body that is too short', [tarHeader({ name: 'a', size: 100 }), Buffer.alloc(50)]],
  ['text in place of a header', [Buffer.alloc(512, 'no tar'), tarEnd()]],
  [
    'an extended header of more than a megabyte',
    [typed(tarHeader({ name: 'x', size: 2 << 20 }), 'x'), Buffer.alloc(2 << 20), tarEnd()],
  ],
])('not ended: %s', (_, parts) => {
  expect(walked(...parts).ended).toBe(false)
})
