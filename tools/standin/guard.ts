/** Objects that throw when an unsupported member of Electron is used, so that a gap is noticed. */
import { EventEmitter } from 'node:events'

/** Members that the language, module loaders and Playwright read on any object. */
const commonMembers = new Set(['then', 'toJSON', 'default', '__esModule', 'module.exports'])

const refusal = (name: string, key: PropertyKey) => new Error(`the stand-in has no ${name}.${String(key)}`)

/**
 * Guards `held`. Tests may assign existing members (`dialog.showOpenDialog = …`), as in Electron.
 * Since other members throw, the result may have the full type.
 */
export function guard<Whole extends object>(name: string, held: Partial<Whole>): Whole {
  const lacks = (target: object, key: PropertyKey) =>
    typeof key === 'string' && !(key in target) && !commonMembers.has(key)
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

/** A guarded emitter that also rejects listeners for events that are never emitted. */
export class LoudEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  constructor(name: string, events: readonly (keyof Events)[]) {
    super()
    const known = new Set<PropertyKey>(events)
    // Node emits this event for on, once, addListener and prependListener.
    EventEmitter.prototype.on.call(this, 'newListener', (event: PropertyKey) => {
      if (typeof event === 'string' && !known.has(event)) throw new Error(`the stand-in's ${name} never emits ${event}`)
    })
    // Fields of a subclass, including private ones, are set on the returned object: from here on the guard is `this`.
    return guard<this>(name, this)
  }
}

/** An event whose listeners may prevent the default action. */
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
