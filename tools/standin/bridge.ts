/**
 * One end of the bridge between the preload's world and the page's, like Electron's contextBridge: values are copied,
 * and functions and promises are replaced by proxies that call back. Messages are DOM events under a secret name, and
 * the browser clones their details from one world to the other. A page that learns the name still reaches only what
 * the preload exposes: functions are called by number, only exposed ones get a number, and only the preload's world can
 * reach main.
 */
export interface Bridge {
  expose(name: string, value: unknown): void
}

type Callable = (...values: unknown[]) => unknown

/** Runs in both worlds from its source text, so it must not refer to anything outside itself. */
export function bridgeEnd(window: EventTarget, secret: string, world: 'page' | 'preload'): Bridge {
  /** A value, and whether its tokens stand for functions and promises. */
  type Packed = readonly [hasTokens: boolean, value: unknown]
  type Request =
    | readonly ['call', number, Packed]
    | readonly ['settle', number, boolean, Packed]
    | readonly ['expose', string, Packed]
  type Response = readonly [isResult: boolean, packed: Packed]

  const otherWorld = world === 'page' ? 'preload' : 'page'
  const functions = new Map<number, Callable>()
  const promises = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  const responses: (Response | null)[] = []
  // Captured before the page's scripts can replace them.
  const dispatch = window.dispatchEvent.bind(window)
  const Envelope = CustomEvent
  const { isArray } = Array
  const toStringTag = Object.prototype.toString
  let lastId = 0

  const post = (kind: string, detail: Request | Response) =>
    dispatch(new Envelope(`${secret}:${kind}:${otherWorld}`, { detail }))

  window.addEventListener(`${secret}:response:${world}`, (event) => {
    if (event instanceof Envelope) responses.push(event.detail as Response | null)
  })

  window.addEventListener(`${secret}:request:${world}`, (event) => {
    if (!(event instanceof Envelope)) return
    let response: Response
    try {
      response = [true, pack(handle(event.detail as Request | null))]
    } catch (error) {
      response = [false, [false, error]]
    }
    post('response', response)
  })

  /** The other end replies while the event is dispatched. An empty reply means that the reply could not be cloned. */
  function request(message: Request): unknown {
    post('request', message)
    const response = responses.pop()
    if (!response) throw uncloneableError()
    const [isResult, packed] = response
    const value = unpack(packed)
    if (!isResult) throw value
    return value
  }

  const uncloneableError = () => new Error('An object could not be cloned.')

  function handle(message: Request | null): unknown {
    if (!message) throw uncloneableError()
    switch (message[0]) {
      case 'call':
        return functions.get(message[1])?.(...(unpack(message[2]) as unknown[]))
      case 'settle': {
        const [, id, isResult, packed] = message
        const promise = promises.get(id)
        promises.delete(id)
        return isResult ? promise?.resolve(unpack(packed)) : promise?.reject(unpack(packed))
      }
      case 'expose':
        if (world !== 'page') throw new Error('only the preload exposes')
        return defineGlobal(message[1], unpack(message[2]))
    }
  }

  function defineGlobal(name: string, value: unknown): void {
    // Only the page's window.open may be replaced: page.ts implements Electron's rules for it.
    if (name in window && name !== 'open')
      throw new Error('Cannot bind an API on top of an existing property on the window object')
    Object.defineProperty(window, name, { value: deepFreeze(value), enumerable: true })
  }

  function deepFreeze(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
    return value
  }

  /** Arrays and plain objects are traversed; the browser clones other objects (dates, maps, errors…). */
  const isTraversed = (value: unknown): value is object =>
    isArray(value) || toStringTag.call(value) === '[object Object]'

  function pack(value: unknown): Packed {
    return containsCallables(value, new Set()) ? [true, replaceWithTokens(value, new Map())] : [false, value]
  }

  function containsCallables(value: unknown, seen: Set<unknown>): boolean {
    if (typeof value === 'function' || value instanceof Promise) return true
    if (typeof value !== 'object' || value === null || !isTraversed(value) || seen.has(value)) return false
    seen.add(value)
    for (const inner of Object.values(value)) if (containsCallables(inner, seen)) return true
    return false
  }

  function replaceWithTokens(value: unknown, seen: Map<unknown, unknown>): unknown {
    if (typeof value === 'function') return functionToken(value as Callable)
    if (value instanceof Promise) return promiseToken(value)
    return isTraversed(value) ? mapEntries(value, seen, replaceWithTokens) : value
  }

  function mapEntries(value: object, seen: Map<unknown, unknown>, convert: typeof replaceWithTokens): unknown {
    const existingCopy = seen.get(value)
    if (existingCopy) return existingCopy
    const copy: unknown = isArray(value) ? [] : {}
    seen.set(value, copy)
    for (const [key, inner] of Object.entries(value)) {
      Object.defineProperty(copy, key, {
        value: convert(inner, seen),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    return copy
  }

  function functionToken(callable: Callable): object {
    functions.set(++lastId, callable)
    return { [secret]: 'function', id: lastId }
  }

  function promiseToken(promise: Promise<unknown>): object {
    const id = ++lastId
    promise.then(
      (value) => settle(id, true, value),
      (error: unknown) => settle(id, false, error),
    )
    return { [secret]: 'promise', id }
  }

  function settle(id: number, isResult: boolean, value: unknown): void {
    try {
      request(['settle', id, isResult, pack(value)])
    } catch (error) {
      request(['settle', id, false, [false, error]])
    }
  }

  const unpack = ([hasTokens, value]: Packed): unknown => (hasTokens ? resolveTokens(value, new Map()) : value)

  function resolveTokens(value: unknown, seen: Map<unknown, unknown>): unknown {
    if (!isTraversed(value)) return value
    if (!(secret in value)) return mapEntries(value, seen, resolveTokens)
    const { [secret]: kind, id } = value as { [secret]: string; id: number }
    if (kind === 'function') return (...values: unknown[]) => request(['call', id, pack(values)])
    return new Promise((resolve, reject) => promises.set(id, { resolve, reject }))
  }

  return { expose: (name, value) => void request(['expose', name, pack(value)]) }
}
