/** The mirrors that the user has added to the list. */
import { parseMirrorList } from '../../model/mirrors/list.ts'
import { canonicalAddress, parseMirrorAddress, sameMirror } from '../../model/mirrors/address.ts'
import { fail, ok, type Failure, type ImportedMirrors, type Mirror, type Result } from '../../preload/contract/index.ts'
import type { MirrorsStore } from '../store/index.ts'

/** A limit that keeps the list fast. */
const maxUserMirrors = 500

/**
 * Reads and edits the user's mirrors in the store.
 * @param catalogueMirrors the mirrors of the catalogue, which the user cannot add again
 */
export function userMirrors(store: MirrorsStore, catalogueMirrors: readonly Mirror[]) {
  const write = (own: readonly string[]) => store.write({ ...store.value, own })
  const allAddresses = () => [...store.value.own, ...catalogueMirrors.map(({ address }) => address)]
  const isListed = (address: string) => allAddresses().some((listed) => sameMirror(listed, address))

  /** Fails if `text` is not a mirror address, or the mirror is already listed. */
  function parseNewAddress(text: string): Result<string, Failure> {
    const parsed = parseMirrorAddress(text)
    if (!parsed.ok) return fail({ code: 'mirror-address-invalid', address: text })
    if (isListed(parsed.address)) return fail({ code: 'mirror-listed', address: parsed.address })
    return ok(parsed.address)
  }

  return {
    isListed,

    list: (): Mirror[] =>
      store.value.own.map((address) => ({ address, host: address.replace(/^https?:\/\//, ''), own: true })),

    add(text: string): Result<void> {
      const address = parseNewAddress(text)
      if (!address.ok) return address
      if (store.value.own.length >= maxUserMirrors) return fail({ code: 'mirrors-too-many', limit: maxUserMirrors })
      write([...store.value.own, address.value])
      return ok(undefined)
    },

    change({ from, to }: { from: string; to: string }): Result<void> {
      const index = store.value.own.indexOf(from)
      if (index < 0) return fail({ code: 'bad-input' })
      if (sameMirror(from, to)) return ok(undefined)
      const address = parseNewAddress(to)
      if (address.ok) write(store.value.own.with(index, address.value))
      return address.ok ? ok(undefined) : address
    },

    remove(address: string) {
      write(store.value.own.filter((other) => other !== address))
    },

    swap(pair: readonly [string, string]) {
      const { own } = store.value
      const [first, second] = pair.map((address) => own.indexOf(address)) as [number, number]
      if (first >= 0 && second >= 0) write(own.with(first, pair[1]).with(second, pair[0]))
    },

    /** Adds the mirrors of a text file, up to the limit. */
    importFrom(text: string): ImportedMirrors {
      const { addresses, more, ...parsed } = parseMirrorList(text)
      const { own } = store.value
      const listed = new Set(allAddresses().map(canonicalAddress))
      const unlisted = addresses.filter((address) => !listed.has(address))
      const added = unlisted.slice(0, Math.max(0, maxUserMirrors - own.length))
      if (added.length > 0) write([...own, ...added])
      const { length } = added
      return {
        added: length,
        alreadyListed: addresses.length - unlisted.length,
        notAdded: unlisted.length - length + more,
        ...parsed,
      }
    },

    /** The exported file: one address per line. */
    exportText: (): string => store.value.own.map((address) => `${address}\n`).join(''),
  }
}
