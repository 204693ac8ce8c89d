// Runs in the window before the page: hands it the contract's calls and events by name, and nothing else.
import { contextBridge, ipcRenderer } from 'electron'
import { calls, eventChannel, events } from './contract/index.ts'

contextBridge.exposeInMainWorld('slipway', {
  call: (name: string, input: unknown) =>
    Object.hasOwn(calls, name) ? ipcRenderer.invoke(name, input) : Promise.reject(new Error('no such call')),
  on: (name: string, listener: (payload: unknown) => void) => {
    if (!Object.hasOwn(events, name)) throw new Error('no such event')
    const heard = (_: unknown, happened: string, payload: unknown) => happened === name && listener(payload)
    ipcRenderer.on(eventChannel, heard)
    return () => ipcRenderer.off(eventChannel, heard)
  },
})
