/** Sums of which only the upper bounds are certain. */
import type { SetSharing } from './sharing.ts'
import type { ByteRange } from './sizes.ts'

const upTo = ({ max }: ByteRange): ByteRange => ({ min: 0, max })
/** The same as upper bounds: containers that nobody knows of may hold any of it. */
export function boundsOf(sum: SetSharing): SetSharing {
  return {
    ...sum,
    sharedAmong: upTo(sum.sharedAmong),
    rows: sum.rows.map(({ id, own }) => ({ id, own: upTo(own) })),
    mayStay: 0,
    frees: upTo(sum.frees),
  }
}
