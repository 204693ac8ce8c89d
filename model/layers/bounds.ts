/** Removes the lower bounds of the bytes that a removal frees. */
import type { SetSharing } from './sharing.ts'
import type { ByteRange } from './sizes.ts'

const upTo = ({ max }: ByteRange): ByteRange => ({ min: 0, max })

/**
 * Sets the lower bounds of the freed bytes to 0. Use this if not all containers are known, because an unknown container may
 * hold any layer. (`maxRetained` only lowers the minimum of `frees`, so it is 0, too.)
 */
export function withoutLowerBounds(sum: SetSharing): SetSharing {
  return {
    ...sum,
    sharedAmong: upTo(sum.sharedAmong),
    rows: sum.rows.map(({ id, ownBytes }) => ({ id, ownBytes: upTo(ownBytes) })),
    maxRetained: 0,
    frees: upTo(sum.frees),
  }
}
