// The preload script. It exposes only the contract's calls and events, by name, to the page.
import { contextBridge, ipcRenderer } from 'electron'
import { calls, eventChannel, events } from './contract/index.ts'

type Listener = (payload: unknown) => void

// One ipcRenderer listener serves the whole window, because Electron warns of a leak above ten listeners.
const listeners = new Map<string, ReadonlySet<Listener>>()
ipcRenderer.on(eventChannel, (_, name: string, payload: unknown) => {
  for (const listener of listeners.get(name) ?? []) listener(payload)
})

contextBridge.exposeInMainWorld('slipway', {
  call: (name: string, input: unknown) =>
    Object.hasOwn(calls, name) ? ipcRenderer.invoke(name, input) : Promise.reject(new Error('no such call')),
  on: (name: string, listener: Listener) => {
    if (!Object.hasOwn(events, name)) throw new Error('no such event')
    const wrapped: Listener = (payload) => listener(payload)
    listeners.set(name, new Set([...(listeners.get(name) ?? []), wrapped]))
    return () =>
      void listeners.set(name, new Set([...(listeners.get(name) ?? [])].filter((other) => other !== wrapped)))
  },
})
