/** Objects that throw when an unsupported member of Electron is used, so that a gap in the stand-in is noticed. */
import { EventEmitter } from 'node:events'

/** Members that the language, module loaders and Playwright read on any object. */
const commonMembers = new Set(['then', 'toJSON', 'default', '__esModule', 'module.exports'])

const unsupportedError = (name: string, key: PropertyKey) => new Error(`the stand-in has no ${name}.${String(key)}`)

/**
 * @returns an object with the implemented members; all other members throw when used, so it may have Electron's full
 * type. Tests may assign the implemented members (`dialog.showOpenDialog = …`), as in Electron.
 */
export function guard<Full extends object>(name: string, implemented: Partial<Full>): Full {
  const isUnsupported = (target: object, key: PropertyKey) =>
    typeof key === 'string' && !(key in target) && !commonMembers.has(key)
  const guarded = new Proxy(implemented, {
    get(target, key, receiver) {
      if (isUnsupported(target, key)) throw unsupportedError(name, key)
      return Reflect.get(target, key, receiver)
    },
    set(target, key, value, receiver) {
      if (isUnsupported(target, key)) throw unsupportedError(name, key)
      return Reflect.set(target, key, value, receiver)
    },
  })
  return guarded as Full
}

/** A guarded emitter. It also rejects listeners for events that are not in `events`. */
export class StrictEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  constructor(name: string, events: readonly (keyof Events)[]) {
    super()
    const supportedEvents = new Set<PropertyKey>(events)
    // Node emits this event for on, once, addListener and prependListener.
    EventEmitter.prototype.on.call(this, 'newListener', (event: PropertyKey) => {
      if (typeof event === 'string' && !supportedEvents.has(event))
        throw new Error(`the stand-in's ${name} never emits ${event}`)
    })
    // Fields of a subclass, including private ones, are set on the returned object: from here on the guard is `this`.
    return guard<this>(name, this)
  }
}

/** An event whose listeners may prevent the default action. */
export function createPreventableEvent(): { preventDefault(): void; readonly defaultPrevented: boolean }
export function createPreventableEvent<Details extends object>(
  details: Details,
): Details & { preventDefault(): void; readonly defaultPrevented: boolean }
export function createPreventableEvent(details: object = {}) {
  let prevented = false
  return Object.defineProperties(
    { ...details },
    {
      preventDefault: { value: () => void (prevented = true) },
      defaultPrevented: { get: () => prevented },
    },
  )
}
