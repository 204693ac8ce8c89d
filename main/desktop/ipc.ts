/** Serves the IPC contract. The sender and the input of each call are validated before a service is called. */
import { BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron'
import * as v from 'valibot'
import {
  calls,
  eventChannel,
  fail,
  type AllHandlers,
  type CallName,
  type Input,
  type Output,
  type Publish,
  type Result,
} from '../../preload/contract/index.ts'
import { origin } from './app-files.ts'

export function serve(handlers: AllHandlers) {
  for (const name of Object.keys(calls) as CallName[]) serveOne(name, handlers)
}

function serveOne<Name extends CallName>(name: Name, handlers: AllHandlers) {
  const schema = calls[name].input as v.GenericSchema<unknown, Input<Name>>
  ipcMain.handle(name, async (event, input: unknown): Promise<Result<Output<Name>>> => {
    if (!isAppPage(event)) return fail({ code: 'bad-input' })
    const parsed = v.safeParse(schema, input)
    if (!parsed.success) return fail({ code: 'bad-input' })
    try {
      return await handlers[name](parsed.output)
    } catch (error) {
      console.error(`${name}:`, error)
      return fail({ code: 'internal' })
    }
  })
}

/** Whether the sender is the app's own page in a window's main frame. */
const isAppPage = ({ senderFrame }: IpcMainInvokeEvent) =>
  senderFrame !== null && senderFrame.parent === null && senderFrame.url.startsWith(`${origin}/`)

export const publish: Publish = (name, payload) => {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(eventChannel, name, payload)
}
