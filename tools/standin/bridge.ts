/**
 * One end of the bridge between the preload's world and the page's, like Electron's contextBridge: values are copied,
 * and functions and promises are replaced by proxies that call back. Messages are DOM events under a secret name, and
 * the browser clones their details from one world to the other. A page that learns the name still reaches only what
 * the preload exposes: only exposed functions have numbers here, and only the preload's world can reach main.
 */
export interface Bridge {
  expose(name: string, value: unknown): void
}

type Callable = (...values: unknown[]) => unknown

/** Runs in both worlds from its source text, so it must not refer to anything outside itself. */
export function bridgeEnd(window: EventTarget, secret: string, here: 'page' | 'preload'): Bridge {
  /** A value, and whether its tokens stand for functions and promises. */
  type Packed = readonly [hasTokens: boolean, value: unknown]
  type Question =
    | readonly ['call', number, Packed]
    | readonly ['settle', number, boolean, Packed]
    | readonly ['expose', string, Packed]
  type Answer = readonly [isResult: boolean, packed: Packed]

  const otherWorld = here === 'page' ? 'preload' : 'page'
  const functions = new Map<number, Callable>()
  const promises = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  const answers: (Answer | null)[] = []
  // Captured before the page's scripts can replace them.
  const dispatch = window.dispatchEvent.bind(window)
  const Envelope = CustomEvent
  const { isArray } = Array
  const kindOf = Object.prototype.toString
  let count = 0

  const post = (kind: string, detail: Question | Answer) =>
    dispatch(new Envelope(`${secret}:${kind}:${otherWorld}`, { detail }))

  window.addEventListener(`${secret}:answer:${here}`, (event) => {
    if (event instanceof Envelope) answers.push(event.detail as Answer | null)
  })

  window.addEventListener(`${secret}:ask:${here}`, (event) => {
    if (!(event instanceof Envelope)) return
    let answer: Answer
    try {
      answer = [true, pack(answerTo(event.detail as Question | null))]
    } catch (error) {
      answer = [false, [false, error]]
    }
    post('answer', answer)
  })

  /** The other end replies during the dispatch of the event. A missing detail means that it could not be cloned. */
  function ask(question: Question): unknown {
    post('ask', question)
    const answer = answers.pop()
    if (!answer) throw uncloneable()
    const [isResult, packed] = answer
    const value = unpack(packed)
    if (!isResult) throw value
    return value
  }

  const uncloneable = () => new Error('An object could not be cloned.')

  function answerTo(question: Question | null): unknown {
    if (!question) throw uncloneable()
    switch (question[0]) {
      case 'call':
        return functions.get(question[1])?.(...(unpack(question[2]) as unknown[]))
      case 'settle': {
        const [, id, isResult, packed] = question
        const promise = promises.get(id)
        promises.delete(id)
        return isResult ? promise?.resolve(unpack(packed)) : promise?.reject(unpack(packed))
      }
      case 'expose':
        if (here !== 'page') throw new Error('only the preload exposes')
        return put(question[1], unpack(question[2]))
    }
  }

  function put(name: string, value: unknown): void {
    // Only the page's window.open may be replaced: page.ts implements Electron's rules for it.
    if (name in window && name !== 'open')
      throw new Error('Cannot bind an API on top of an existing property on the window object')
    Object.defineProperty(window, name, { value: frozen(value), enumerable: true })
  }

  function frozen(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
    Object.freeze(value)
    Object.values(value).forEach(frozen)
    return value
  }

  /** Arrays and plain objects are traversed; the browser clones other objects (dates, maps, errors…). */
  const isOpen = (value: unknown): value is object => isArray(value) || kindOf.call(value) === '[object Object]'

  function pack(value: unknown): Packed {
    return needsTokens(value, new Set()) ? [true, withTokens(value, new Map())] : [false, value]
  }

  function needsTokens(value: unknown, seen: Set<unknown>): boolean {
    if (typeof value === 'function' || value instanceof Promise) return true
    if (typeof value !== 'object' || value === null || !isOpen(value) || seen.has(value)) return false
    seen.add(value)
    for (const inner of Object.values(value)) if (needsTokens(inner, seen)) return true
    return false
  }

  function withTokens(value: unknown, seen: Map<unknown, unknown>): unknown {
    if (typeof value === 'function') return functionToken(value as Callable)
    if (value instanceof Promise) return promiseToken(value)
    return isOpen(value) ? copied(value, seen, withTokens) : value
  }

  function copied(value: object, seen: Map<unknown, unknown>, each: typeof withTokens): unknown {
    const known = seen.get(value)
    if (known) return known
    const copy: unknown = isArray(value) ? [] : {}
    seen.set(value, copy)
    for (const [key, inner] of Object.entries(value)) {
      Object.defineProperty(copy, key, {
        value: each(inner, seen),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    return copy
  }

  function functionToken(callable: Callable): object {
    functions.set(++count, callable)
    return { [secret]: 'function', id: count }
  }

  function promiseToken(promise: Promise<unknown>): object {
    const id = ++count
    promise.then(
      (value) => settle(id, true, value),
      (error: unknown) => settle(id, false, error),
    )
    return { [secret]: 'promise', id }
  }

  function settle(id: number, isResult: boolean, value: unknown): void {
    try {
      ask(['settle', id, isResult, pack(value)])
    } catch (error) {
      ask(['settle', id, false, [false, error]])
    }
  }

  const unpack = ([hasTokens, value]: Packed): unknown => (hasTokens ? standing(value, new Map()) : value)

  function standing(value: unknown, seen: Map<unknown, unknown>): unknown {
    if (!isOpen(value)) return value
    if (!(secret in value)) return copied(value, seen, standing)
    const { [secret]: kind, id } = value as { [secret]: string; id: number }
    if (kind === 'function') return (...values: unknown[]) => ask(['call', id, pack(values)])
    return new Promise((resolve, reject) => promises.set(id, { resolve, reject }))
  }

  return { expose: (name, value) => void ask(['expose', name, pack(value)]) }
}
