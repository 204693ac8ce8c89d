/** Removes the lower bounds of sums. */
import type { SetSharing } from './sharing.ts'
import type { ByteRange } from './sizes.ts'

const upTo = ({ max }: ByteRange): ByteRange => ({ min: 0, max })

/** Sets all lower bounds to 0. Use this if not all containers are known, because an unknown one may hold any layer. */
export function withoutLowerBounds(sum: SetSharing): SetSharing {
  return {
    ...sum,
    sharedAmong: upTo(sum.sharedAmong),
    rows: sum.rows.map(({ id, own }) => ({ id, own: upTo(own) })),
    maxRetained: 0,
    frees: upTo(sum.frees),
  }
}
