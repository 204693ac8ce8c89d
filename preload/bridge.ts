// Runs in the window before the page: hands it the contract's calls and events by name, and nothing else.
import { contextBridge, ipcRenderer } from 'electron'
import { calls, eventChannel, events } from './contract/index.ts'

type Listener = (payload: unknown) => void

// One listener on the channel serves the whole window: Electron warns of a leak beyond ten.
const listeners = new Map<string, ReadonlySet<Listener>>()
ipcRenderer.on(eventChannel, (_, name: string, payload: unknown) => {
  for (const listener of listeners.get(name) ?? []) listener(payload)
})

contextBridge.exposeInMainWorld('slipway', {
  call: (name: string, input: unknown) =>
    Object.hasOwn(calls, name) ? ipcRenderer.invoke(name, input) : Promise.reject(new Error('no such call')),
  on: (name: string, listener: Listener) => {
    if (!Object.hasOwn(events, name)) throw new Error('no such event')
    const heard: Listener = (payload) => listener(payload)
    listeners.set(name, new Set([...(listeners.get(name) ?? []), heard]))
    return () => void listeners.set(name, new Set([...(listeners.get(name) ?? [])].filter((each) => each !== heard)))
  },
})
