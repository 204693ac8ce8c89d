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
import { callLimits } from './call-limits.ts'

export function serve(handlers: AllHandlers) {
  const admit = callLimits(() => performance.now())
  for (const name of Object.keys(calls) as CallName[]) serveOne(name, handlers, admit)
}

function serveOne<Name extends CallName>(name: Name, handlers: AllHandlers, admit: ReturnType<typeof callLimits>) {
  const schema = calls[name].input as v.GenericSchema<unknown, Input<Name>>
  ipcMain.handle(name, async (event, input: unknown): Promise<Result<Output<Name>>> => {
    if (!isAppPage(event)) return fail({ code: 'bad-input' })
    const onAnswered = admit(name)
    if (!onAnswered) return fail({ code: 'busy' })
    try {
      // `abortEarly`: an invalid list must not become a list of as many issues.
      const parsed = v.safeParse(schema, input, { abortEarly: true })
      return parsed.success ? await handlers[name](parsed.output) : fail({ code: 'bad-input' })
    } catch (error) {
      console.error(`${name}:`, error)
      return fail({ code: 'internal' })
    } finally {
      onAnswered()
    }
  })
}

/** Whether the sender is the app's own page in a window's main frame. A frame that has gone is null, or throws. */
function isAppPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  try {
    return senderFrame !== null && senderFrame.parent === null && senderFrame.url.startsWith(`${origin}/`)
  } catch {
    return false
  }
}

export const publish: Publish = (name, payload) => {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(eventChannel, name, payload)
}
