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

test('the bridge adds one IPC listener for all listeners in the window, and each gets events until it unsubscribes', async () => {
  const ipc = (electron.ipcRenderer = new EventEmitter())
  await import('../../../preload/bridge.ts')
  const { on } = slipway.exposed!
  const received: string[] = []
  const unsubscribers = Array.from({ length: 20 }, (_, index) =>
    on('terminals.closed', (id) => received.push(`${index} received ${id}`)),
  )
  on('jobs.cleared', () => received.push('another event'))
  expect(ipc.listenerCount(eventChannel)).toBe(1)

  unsubscribers.slice(2).forEach((unsubscribe) => unsubscribe())
  ipc.emit(eventChannel, {}, 'terminals.closed', 'one')
  expect(received).toEqual(['0 received one', '1 received one'])
  unsubscribers[0]!()
  ipc.emit(eventChannel, {}, 'terminals.closed', 'two')
  expect(received.slice(2)).toEqual(['1 received two'])
})
