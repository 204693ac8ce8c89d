/** Plans the removal of build cache: which of BuildKit's records to delete, in which order, and why the others stay. */
import type { Bytes, UnixTime } from '../image/image.ts'

export type CacheId = string

/** One record of BuildKit's cache, as `docker system df --verbose` lists it. */
export interface CacheRecord {
  readonly id: CacheId
  /** The build step, for example `[2/3] COPY src /src`; may be empty. */
  readonly description: string
  readonly size: Bytes
  readonly inUse: boolean
  /** Whether an image has the same layer. */
  readonly shared: boolean
  readonly lastUsed?: UnixTime
  /** The records that this record was built on. Some of them may not be in the list. */
  readonly parents: readonly CacheId[]
}

export interface CacheDeletion {
  readonly id: CacheId
  readonly description: string
  readonly size: Bytes
  readonly lastUsed?: UnixTime
}

export interface StayingRecord extends CacheDeletion {
  /** `needed`: another record that stays was built on this record. */
  readonly reason: 'in-use' | 'shared' | 'needed'
}

/** `frees` is the sum of the sizes of `deletes`. */
export interface CachePlan {
  /** In the order of removal, children first: BuildKit does not remove a record that another record was built on. */
  readonly deletes: readonly CacheDeletion[]
  readonly stays: readonly StayingRecord[]
  readonly frees: Bytes
}

/** Plans the removal of all records that no build and no image uses. */
export function planCacheRemoval(records: readonly CacheRecord[]): CachePlan {
  const childrenById = new Map<CacheId, CacheRecord[]>()
  for (const record of records)
    for (const parent of new Set(record.parents))
      childrenById.set(parent, [...(childrenById.get(parent) ?? []), record])

  const stays = new Map<CacheId, StayingRecord>()
  const deletes: CacheRecord[] = []
  const visited = new Set<CacheId>()
  // Visits children first, because a record can be removed only if its children are removed. A loop with a stack
  // instead of recursion, because chains of records may be long.
  const stack = records.toReversed().map((record) => ({ record, childrenDone: false }))
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { record, childrenDone } = top
    if (!childrenDone) {
      if (visited.has(record.id)) continue
      visited.add(record.id)
      stack.push({ record, childrenDone: true })
      for (const child of childrenById.get(record.id) ?? []) stack.push({ record: child, childrenDone: false })
      continue
    }
    const needed = (childrenById.get(record.id) ?? []).some(({ id }) => stays.has(id))
    const reason = record.inUse ? 'in-use' : record.shared ? 'shared' : needed ? 'needed' : undefined
    if (reason === undefined) deletes.push(record)
    else stays.set(record.id, { ...rowOf(record), reason })
  }
  return {
    deletes: deletes.map(rowOf),
    stays: [...stays.values()],
    frees: deletes.reduce((sum, { size }) => sum + size, 0),
  }
}

const rowOf = ({ id, description, size, lastUsed }: CacheRecord): CacheDeletion => ({
  ...{ id, description, size },
  ...(lastUsed !== undefined && { lastUsed }),
})

/** Whether two plans remove the same records with equal sizes and times of last use, in any order. */
export const isSamePlan = (a: CachePlan, b: CachePlan): boolean => keyOf(a) === keyOf(b)

const keyOf = ({ deletes }: CachePlan): string =>
  deletes
    .map(({ id, size, lastUsed }) => [id, size, lastUsed].join(' '))
    .sort()
    .join('\n')
