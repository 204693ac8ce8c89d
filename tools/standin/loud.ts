/** Objects that throw where the stand-in lacks what Electron has: a missing part must never pass for a working one. */
import { EventEmitter } from 'node:events'

/** What the language, module loaders and Playwright ask of any object to learn its kind. */
const askedOfAnything = new Set(['then', 'toJSON', 'default', '__esModule', 'module.exports'])

const refusal = (name: string, key: PropertyKey) => new Error(`the stand-in has no ${name}.${String(key)}`)

/**
 * `held` behind a guard. A test may assign what is held (`dialog.showOpenDialog = …`), as on Electron itself.
 * Since the rest throws, the part may pass for the whole that it is typed as.
 */
export function loud<Whole extends object>(name: string, held: Partial<Whole>): Whole {
  const lacks = (target: object, key: PropertyKey) =>
    typeof key === 'string' && !(key in target) && !askedOfAnything.has(key)
  const guarded = new Proxy(held, {
    get(target, key, receiver) {
      if (lacks(target, key)) throw refusal(name, key)
      return Reflect.get(target, key, receiver)
    },
    set(target, key, value, receiver) {
      if (lacks(target, key)) throw refusal(name, key)
      return Reflect.set(target, key, value, receiver)
    },
  })
  return guarded as Whole
}

/** An emitter behind the same guard, which also refuses listeners for what it will never emit. */
export class LoudEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  constructor(name: string, events: readonly (keyof Events)[]) {
    super()
    const known = new Set<PropertyKey>(events)
    // Held under Node's own event so that on, once, addListener and prependListener all come by.
    EventEmitter.prototype.on.call(this, 'newListener', (event: PropertyKey) => {
      if (typeof event === 'string' && !known.has(event)) throw new Error(`the stand-in's ${name} never emits ${event}`)
    })
    // A subclass's fields, private ones too, land on what a constructor returns: the guard is `this` from here on.
    return loud<this>(name, this)
  }
}

/** An event whose listeners may object. */
export function preventable(): { preventDefault(): void; readonly defaultPrevented: boolean }
export function preventable<Details extends object>(
  details: Details,
): Details & { preventDefault(): void; readonly defaultPrevented: boolean }
export function preventable(details: object = {}) {
  let prevented = false
  return Object.defineProperties(
    { ...details },
    {
      preventDefault: { value: () => void (prevented = true) },
      defaultPrevented: { get: () => prevented },
    },
  )
}
