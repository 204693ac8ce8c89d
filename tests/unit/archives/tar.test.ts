import { expect, test } from 'vitest'
import { TarParser } from '../../../main/archives/tar.ts'
import { tarEnd, tarFile, tarHeader } from '../../../tools/world/tar.ts'

/** @returns the content of each file, with a full stop once the file has ended, and the target of each link */
function walkTar(...parts: readonly Buffer[]) {
  const found: Record<string, string> = {}
  const parser = new TarParser({
    file(path) {
      found[path] = ''
      return { data: (chunk) => void (found[path] += chunk.toString()), end: () => void (found[path] += '.') }
    },
    link: (path, target) => void (found[path] = `-> ${target}`),
  })
  parser.push(Buffer.concat(parts))
  return { found, ended: parser.ended }
}

/** Sets the type flag of a header, and the checksum that belongs to it. */
function withType(header: Buffer, type: string): Buffer {
  header[156] = type.charCodeAt(0)
  const checksum = header.reduce((total, byte, offset) => total + (offset >= 148 && offset < 156 ? 32 : byte), 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

test('each file is read to its end, even an empty file, and folders are skipped', () => {
  const folder = tarHeader({ name: 'folder/', size: 0 })
  const { found, ended } = walkTar(folder, tarFile('folder/one', 'text'), tarFile('./two', ''), tarEnd())
  expect(found).toEqual({ 'folder/one': 'text.', two: '.' })
  expect(ended).toBe(true)
})

test('the target of a hard link is returned relative to the link’s folder, like that of a symbolic link', () => {
  const hard = withType(tarHeader({ name: 'a/b/hard', size: 0, link: 'c/file' }), '1')
  const { found } = walkTar(hard, tarHeader({ name: 'a/soft', size: 0, link: '../c/file' }), tarEnd())
  expect(found).toEqual({ 'a/b/hard': '-> ../../c/file', 'a/soft': '-> ../c/file' })
})

test('a GNU long path applies to the next entry only', () => {
  const path = `${'long/'.repeat(40)}file`
  const long = [withType(tarHeader({ name: '././@LongLink', size: path.length + 1 }), 'L')]
  const content = Buffer.alloc(512)
  content.write(path)
  const { found } = walkTar(...long, content, tarFile('short', 'a'), tarFile('next', 'b'), tarEnd())
  expect(found).toEqual({ [path]: 'a.', next: 'b.' })
})

test.each([
  ['one block of zeros instead of two', [tarFile('a', 'x'), Buffer.alloc(512)]],
  ['an entry after the end', [tarFile('a', 'x'), tarEnd(), tarFile('b', 'x')]],
  ['a body that is too short', [tarHeader({ name: 'a', size: 100 }), Buffer.alloc(50)]],
  ['text instead of a header', [Buffer.alloc(512, 'no tar'), tarEnd()]],
  [
    'an extended header of more than a megabyte',
    [withType(tarHeader({ name: 'x', size: 2 << 20 }), 'x'), Buffer.alloc(2 << 20), tarEnd()],
  ],
])('a tar is marked as not ended if it has %s', (_, parts) => {
  expect(walkTar(...parts).ended).toBe(false)
})
