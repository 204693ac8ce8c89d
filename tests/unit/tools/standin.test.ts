import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bridgeEnd } from '../../../tools/standin/bridge.ts'
import { structuredCodec } from '../../../tools/standin/codec.ts'
import electron from '../../../tools/standin/index.ts'
import { acquireLock, releaseLock, type InstanceMessage } from '../../../tools/standin/instance.ts'
import { guard, StrictEmitter, preventable } from '../../../tools/standin/guard.ts'
import { systemLanguages } from '../../../tools/standin/paths.ts'
import { protocol, toAppUrl, toPageUrl } from '../../../tools/standin/serving.ts'

describe('a message between main and the page', () => {
  const { encode, decode } = structuredCodec()
  const sent = (value: unknown) => decode(encode(value))

  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$', '__proto__', '\ud800', '镜像'))
  const anything = fc.anything({
    key: text,
    values: [text, fc.double(), fc.constantFrom(undefined, null, -0, NaN, true), fc.bigInt(), fc.date()],
    withBoxedValues: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withNullPrototype: true,
  })

  test('arrives as a structured clone of what was sent', () => {
    fc.assert(fc.property(anything, (value) => void expect(sent(value)).toStrictEqual(structuredClone(value))))
  })

  test('keeps what is one thing one thing, and circles closed', () => {
    const image = { tags: ['nginx'] }
    const circle: { images: object[]; self?: object } = { images: [image, image] }
    circle.self = circle
    const arrived = sent(circle) as typeof circle
    expect(arrived.images[0]).toBe(arrived.images[1])
    expect(arrived.self).toBe(arrived)
  })

  test('keeps the kind, words and cause of an error', () => {
    const arrived = sent(new RangeError('too far', { cause: { at: 7 } })) as RangeError
    expect(arrived).toBeInstanceOf(RangeError)
    expect(arrived).toMatchObject({ message: 'too far', cause: { at: 7 } })
  })

  test.each([
    ['a function', { call: () => 1 }],
    ['a promise', [Promise.resolve()]],
    ['a proxy', new Proxy({}, {})],
    ['a symbol', Symbol('s')],
  ])('refuses %s, in Electron’s words', (_, value) => {
    expect(() => encode(value)).toThrow('An object could not be cloned.')
  })
})

describe('what the stand-in lacks', () => {
  test('throws when it is read', () => {
    expect(() => Reflect.get(electron.app, 'dock')).toThrow('the stand-in has no app.dock')
    expect(() => Reflect.get(electron, 'powerMonitor')).toThrow('the stand-in has no electron.powerMonitor')
  })

  test('throws when it is assigned, while a test may put its own function for what is there', () => {
    const dialog = guard<{ ask(): string }>('dialog', { ask: () => 'cancelled' })
    dialog.ask = () => 'yes'
    expect(dialog.ask()).toBe('yes')
    expect(() => Reflect.set(dialog, 'tell', 1)).toThrow('the stand-in has no dialog.tell')
  })

  test('throws when it is listened for', () => {
    const emitter = new StrictEmitter<{ close: [] }>('window', ['close'])
    const heard = vi.fn<() => void>()
    emitter.on('close', heard)
    emitter.emit('close')
    expect(heard).toHaveBeenCalledOnce()
    const listen = () => Reflect.apply(emitter.once, emitter, ['moved', heard])
    expect(listen).toThrow("the stand-in's window never emits moved")
  })

  test('does not make it look like a promise', async () => {
    const part = guard('part', { name: 'x' })
    expect(await part).toBe(part)
  })
})

test('any listener can prevent an event', () => {
  const event = preventable({ url: 'app://x/' })
  expect(event).toMatchObject({ url: 'app://x/', defaultPrevented: false })
  event.preventDefault()
  expect(event.defaultPrevented).toBe(true)
})

describe('the bridge between the preload’s world and the page’s', () => {
  /** Both ends on one window, which here does not clone between them. */
  function exposed(api: object) {
    const window = new EventTarget()
    bridgeEnd(window, 'secret', 'page')
    bridgeEnd(window, 'secret', 'preload').expose('api', api)
    return Reflect.get(window, 'api') as Record<string, (...values: unknown[]) => unknown>
  }

  test('carries calls, results and errors at once', () => {
    const api = exposed({
      add: (a: number, b: number) => a + b,
      fail: () => {
        throw new RangeError('no')
      },
    })
    expect(api['add']?.(1, 2)).toBe(3)
    expect(() => api['fail']?.()).toThrow(new RangeError('no'))
  })

  test('carries promises, kept and broken', async () => {
    const api = exposed({ later: async (value: unknown) => value, never: () => Promise.reject(new Error('gone')) })
    await expect(api['later']?.({ list: [1] })).resolves.toEqual({ list: [1] })
    await expect(api['never']?.()).rejects.toThrow('gone')
  })

  test('carries listeners to the preload, and what unsubscribes them back', () => {
    const listeners = new Set<(value: number) => void>()
    const api = exposed({
      on(listener: (value: number) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    })
    const heard: unknown[] = []
    const off = api['on']?.((value: unknown) => heard.push(value)) as () => void
    for (const listener of listeners) listener(1)
    off()
    for (const listener of listeners) listener(2)
    expect(heard).toEqual([1])
  })

  test('gives the page an API that it cannot change', () => {
    const api = exposed({ version: { major: 1 } })
    expect(Reflect.set(api, 'version', 2)).toBe(false)
    expect(Object.isFrozen(api['version'])).toBe(true)
  })
})

test('an app:// address is a secure origin to the page and itself again to main', () => {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
  const page = toPageUrl('app://slipway/a/b.html?c#d')
  expect(new URL(page).origin).toMatch(/^https:\/\/slipway\.app\./)
  expect(toAppUrl(page)).toBe('app://slipway/a/b.html?c#d')
  expect(toAppUrl('https://example.com/')).toBe('https://example.com/')
})

test('a second instance is refused, and the first hears of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standin-'))
  const onMessage = vi.fn<(message: InstanceMessage) => void>()
  expect(acquireLock(folder, { argv: ['first'], cwd: '/', data: {} }, onMessage)).toBe(true)
  expect(acquireLock(folder, { argv: ['second'], cwd: '/tmp', data: { open: 1 } }, () => {})).toBe(false)
  await vi.waitFor(() => expect(onMessage).toHaveBeenCalledWith({ argv: ['second'], cwd: '/tmp', data: { open: 1 } }))
  releaseLock(folder)
  expect(acquireLock(folder, { argv: ['third'], cwd: '/', data: {} }, () => {})).toBe(true)
  releaseLock(folder)
  rmSync(folder, { recursive: true })
})

test.each([
  [{ LANG: 'zh_CN.UTF-8' }, ['zh-CN']],
  [{ LANGUAGE: 'zh_CN:en', LANG: 'de_DE.UTF-8@euro' }, ['zh-CN', 'en', 'de-DE']],
  [{ LANG: 'C.UTF-8' }, []],
])('the languages of %j are %j', (variables, languages) => {
  for (const name of ['LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'LANG']) vi.stubEnv(name, '')
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  expect(systemLanguages()).toEqual(languages)
  vi.unstubAllEnvs()
})
