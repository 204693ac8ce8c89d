/** The mirrors that the user has put on the list. */
import { mirrorsIn } from '../../model/mirrors/list.ts'
import { parseMirrorAddress, sameMirror } from '../../model/mirrors/address.ts'
import { fail, ok, type Failure, type ImportedMirrors, type Mirror, type Result } from '../../preload/contract/index.ts'
import type { MirrorsStore } from '../store/index.ts'

/** More than anyone tests, and few enough that a list of them is quick. */
const mostMirrors = 500

/** `known`: those that are on the list without the user's doing. */
export function ownMirrors(store: MirrorsStore, known: readonly Mirror[]) {
  const write = (own: readonly string[]) => store.write({ ...store.value, own })
  const all = () => [...store.value.own, ...known.map(({ address }) => address)]
  const isListed = (address: string) => all().some((one) => sameMirror(one, address))

  function wanted(text: string): Result<string, Failure> {
    const parsed = parseMirrorAddress(text)
    if (!parsed.ok) return fail({ code: 'mirror-address-wrong', address: text })
    if (isListed(parsed.address)) return fail({ code: 'mirror-listed', address: parsed.address })
    return ok(parsed.address)
  }

  return {
    isListed,

    list: (): Mirror[] =>
      store.value.own.map((address) => ({ address, host: address.replace(/^https?:\/\//, ''), own: true })),

    add(text: string): Result<void> {
      const address = wanted(text)
      if (!address.ok) return address
      if (store.value.own.length >= mostMirrors) return fail({ code: 'mirrors-too-many', most: mostMirrors })
      write([...store.value.own, address.value])
      return ok(undefined)
    },

    change({ from, to }: { from: string; to: string }): Result<void> {
      const at = store.value.own.indexOf(from)
      if (at < 0) return fail({ code: 'bad-input' })
      if (sameMirror(from, to)) return ok(undefined)
      const address = wanted(to)
      if (address.ok) write(store.value.own.with(at, address.value))
      return address.ok ? ok(undefined) : address
    },

    remove(address: string) {
      write(store.value.own.filter((one) => one !== address))
    },

    swap(two: readonly [string, string]) {
      const { own } = store.value
      const [first, second] = two.map((address) => own.indexOf(address)) as [number, number]
      if (first >= 0 && second >= 0) write(own.with(first, two[1]).with(second, two[0]))
    },

    /** What a file holds, as far as there is room for it. */
    take(text: string): ImportedMirrors {
      const { addresses, ...rest } = mirrorsIn(text)
      const { own } = store.value
      const fresh = addresses.filter((address) => !isListed(address))
      const added = fresh.slice(0, Math.max(0, mostMirrors - own.length))
      if (added.length > 0) write([...own, ...added])
      const { length } = added
      return { added: length, known: addresses.length - fresh.length, left: fresh.length - length, ...rest }
    },

    file: (): string => store.value.own.map((address) => `${address}\n`).join(''),
  }
}
