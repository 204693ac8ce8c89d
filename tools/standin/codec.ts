/**
 * Structured clone as text. The platform's own structured clone runs first, so values that it rejects (functions,
 * proxies, promises…) or drops (prototypes, getters) are rejected or dropped here too. Its result is written as JSON.
 */
export interface Codec {
  encode(value: unknown): string
  decode(text: string): unknown
}

/** Also runs in the page from its source text, so it must not refer to anything outside itself. */
export function structuredCodec(): Codec {
  type Entries = readonly (readonly [string, unknown])[]
  /** Values that JSON lacks. A plain object that has a key `$` itself is encoded as 'object'. */
  type Special =
    | { readonly $: 'undefined' }
    | { readonly $: 'number' | 'bigint' | 'buffer'; readonly v: string }
    | { readonly $: 'same' | 'date'; readonly v: number | null }
    | { readonly $: 'object'; readonly v: Entries }
    | { readonly $: 'array'; readonly v: Entries; readonly length: number }
    | { readonly $: 'map' | 'set'; readonly v: readonly unknown[] }
    | { readonly $: 'regexp'; readonly v: string; readonly flags: string }
    | { readonly $: 'view'; readonly v: string; readonly type: string }
    | { readonly $: 'error'; readonly v: readonly [string, string, string | null]; readonly cause: readonly unknown[] }
    | { readonly $: 'boxed'; readonly v: unknown }
  type Plain = Record<string, unknown>

  const errors = new Map<string, new (message: string) => Error>(
    [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((kind) => [kind.name, kind]),
  )
  const cloneError = () => new Error('An object could not be cloned.')

  function setProperty(target: Plain, key: string, value: unknown): void {
    if (key !== '__proto__') target[key] = value
    else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  }

  /** Methods that Chromium has. Node 24 lacks them; there, Buffer is used. */
  interface Base64 {
    toBase64(this: Uint8Array): string
    fromBase64(text: string): Uint8Array<ArrayBuffer>
  }
  const { toBase64 } = Uint8Array.prototype as Partial<Base64>
  const { fromBase64 } = Uint8Array as Partial<Base64>

  function toText({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
    return toBase64
      ? toBase64.call(new Uint8Array(buffer, byteOffset, byteLength))
      : Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  }

  const toBytes = (text: string) =>
    fromBase64 ? fromBase64.call(Uint8Array, text) : new Uint8Array(Buffer.from(text, 'base64'))

  function encode(value: unknown): string {
    const objectNumbers = new Map<object, number>()
    let isJson = true

    function markSpecial(encoded: Special): Special {
      isJson = false
      return encoded
    }

    function encodeValue(value: unknown): unknown {
      switch (typeof value) {
        case 'string':
        case 'boolean':
          return value
        case 'number':
          if (Object.is(value, -0)) return markSpecial({ $: 'number', v: '-0' })
          return Number.isFinite(value) ? value : markSpecial({ $: 'number', v: String(value) })
        case 'undefined':
          return markSpecial({ $: 'undefined' })
        case 'bigint':
          return markSpecial({ $: 'bigint', v: String(value) })
        case 'object':
          return value && encodeOnce(value)
        default:
          throw cloneError()
      }
    }

    function encodeOnce(value: object): unknown {
      const existingNumber = objectNumbers.get(value)
      if (existingNumber !== undefined) return markSpecial({ $: 'same', v: existingNumber })
      objectNumbers.set(value, objectNumbers.size)
      return Array.isArray(value) ? encodeArray(value) : encodeObject(value)
    }

    function encodeArray(value: readonly unknown[]): unknown {
      const keys = Object.keys(value)
      const isDense = keys.length === value.length && (value.length === 0 || keys.at(-1) === String(value.length - 1))
      return isDense ? value.map(encodeValue) : markSpecial({ $: 'array', v: entriesOf(value), length: value.length })
    }

    const entriesOf = (value: object) => Object.entries(value).map(([key, inner]) => [key, encodeValue(inner)] as const)

    function encodeObject(value: object): unknown {
      const prototype: unknown = Object.getPrototypeOf(value)
      if (prototype === Object.prototype || prototype === null) {
        if (Object.hasOwn(value, '$')) return markSpecial({ $: 'object', v: entriesOf(value) })
        const plain: Plain = {}
        for (const [key, inner] of Object.entries(value)) setProperty(plain, key, encodeValue(inner))
        return plain
      }
      return markSpecial(encodeBuiltIn(value))
    }

    function encodeBuiltIn(value: object): Special {
      if (value instanceof Date) return { $: 'date', v: value.getTime() }
      if (value instanceof RegExp) return { $: 'regexp', v: value.source, flags: value.flags }
      if (value instanceof Map)
        return { $: 'map', v: [...value].map(([key, inner]) => [encodeValue(key), encodeValue(inner)]) }
      if (value instanceof Set) return { $: 'set', v: [...value].map(encodeValue) }
      if (value instanceof ArrayBuffer) return { $: 'buffer', v: toText(new Uint8Array(value)) }
      // Only the view's bytes, not its whole buffer: a small Buffer of Node's is a view of a 64 kB pool.
      if (ArrayBuffer.isView(value)) return { $: 'view', v: toText(value), type: value.constructor.name }
      if (value instanceof Error) {
        const cause = Object.hasOwn(value, 'cause') ? [encodeValue(value.cause)] : []
        return { $: 'error', v: [value.name, value.message, value.stack ?? null], cause }
      }
      const boxed: unknown = value.valueOf()
      if (typeof boxed === 'object') throw cloneError()
      return { $: 'boxed', v: encodeValue(boxed) }
    }

    const encoded = JSON.stringify(encodeValue(clone(value)))
    return `${isJson ? 'j' : 's'}${encoded}`
  }

  function clone(value: unknown): unknown {
    try {
      return structuredClone(value)
    } catch {
      throw cloneError()
    }
  }

  function decode(text: string): unknown {
    const encoded: unknown = JSON.parse(text.slice(1))
    // Objects are numbered in encoding order, as in `encode`.
    const objects: unknown[] = []
    return text.startsWith('j') ? encoded : read(encoded)

    function register<Value>(object: Value): Value {
      objects.push(object)
      return object
    }

    function read(value: unknown): unknown {
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) {
        const list = register<unknown[]>([])
        for (const inner of value) list.push(read(inner))
        return list
      }
      // `encode` produces no other object with such a key.
      return '$' in value ? readSpecial(value as Special) : fill(register({}), Object.entries(value))
    }

    function fill<Target extends object>(target: Target, entries: Entries): Target {
      for (const [key, inner] of entries) setProperty(target as Plain, key, read(inner))
      return target
    }

    function readSpecial(value: Special): unknown {
      switch (value.$) {
        case 'undefined':
          return undefined
        case 'number':
          return Number(value.v)
        case 'bigint':
          return BigInt(value.v)
        case 'same':
          return objects[Number(value.v)]
        case 'object':
          return fill(register({}), value.v)
        case 'array':
          return Object.assign(fill(register([]), value.v), { length: value.length })
        case 'date':
          return register(new Date(value.v ?? NaN))
        case 'regexp':
          return register(new RegExp(value.v, value.flags))
        case 'buffer':
          return register(toBytes(value.v).buffer)
        case 'view': {
          const View = Reflect.get(globalThis, value.type) as new (buffer: ArrayBuffer) => object
          return register(new View(toBytes(value.v).buffer))
        }
        case 'map': {
          const map = register(new Map<unknown, unknown>())
          for (const [key, inner] of value.v as [unknown, unknown][]) map.set(read(key), read(inner))
          return map
        }
        case 'set': {
          const set = register(new Set<unknown>())
          for (const inner of value.v) set.add(read(inner))
          return set
        }
        case 'error': {
          const [name, message, stack] = value.v
          const error = register(new (errors.get(name) ?? Error)(message))
          const properties = {
            stack: stack ?? undefined,
            ...(value.cause.length > 0 && { cause: read(value.cause[0]) }),
          }
          for (const [key, inner] of Object.entries(properties)) {
            Object.defineProperty(error, key, { value: inner, writable: true, configurable: true })
          }
          return error
        }
        case 'boxed':
          return register(Object(read(value.v)))
      }
    }
  }

  return { encode, decode }
}
