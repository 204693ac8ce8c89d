import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { eventChannel, type Slipway } from '../../../preload/contract/index.ts'

const { electron, slipway } = vi.hoisted(() => {
  const slipway: { exposed?: Slipway } = {}
  return { electron: { ipcRenderer: undefined as EventEmitter | undefined }, slipway }
})
vi.mock('electron', () => ({
  get ipcRenderer() {
    return electron.ipcRenderer
  },
  contextBridge: { exposeInMainWorld: (_: string, api: Slipway) => (slipway.exposed = api) },
}))

test('the bridge listens once for many listeners in the window, and each gets its events until it unsubscribes', async () => {
  const ipc = (electron.ipcRenderer = new EventEmitter())
  await import('../../../preload/bridge.ts')
  const { on } = slipway.exposed!
  const heard: string[] = []
  const leave = Array.from({ length: 20 }, (_, at) => on('terminals.closed', (id) => heard.push(`${at} hears ${id}`)))
  on('jobs.cleared', () => heard.push('another event'))
  expect(ipc.listenerCount(eventChannel)).toBe(1)

  leave.slice(2).forEach((off) => off())
  ipc.emit(eventChannel, {}, 'terminals.closed', 'one')
  expect(heard).toEqual(['0 hears one', '1 hears one'])
  leave[0]!()
  ipc.emit(eventChannel, {}, 'terminals.closed', 'two')
  expect(heard.slice(2)).toEqual(['1 hears two'])
})
