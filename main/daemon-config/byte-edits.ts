/** Edits as the helper takes them: in bytes, which a masked text has as many of as the file. */
import type { Edit } from '../../model/daemon-config/list-edit.ts'
import type { ByteEdit } from './helper.ts'

/** @param edits edits of `before`, in its order, with offsets and lengths in UTF-16 code units */
export function byteEdits(before: string | undefined, edits: readonly Edit[]): readonly ByteEdit[] {
  const bytes = (start: number, end: number) => Buffer.byteLength((before ?? '').slice(start, end))
  return edits.map(({ offset, length, content }) => [bytes(0, offset), bytes(offset, offset + length), content])
}
