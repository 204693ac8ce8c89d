import { EventEmitter } from 'node:events'
import type { BrowserWindow } from 'electron'
import { afterEach, expect, test, vi } from 'vitest'
import { askBeforeClosing } from '../../../main/desktop/confirm-close.ts'
import { askInTurn, isAsking, showOneDialog } from '../../../main/desktop/one-dialog.ts'
import { userQuestions } from '../../../main/desktop/questions.ts'
import { chooseFolder } from '../../../main/desktop/system.ts'
import type { Job } from '../../../preload/contract/index.ts'

interface Box {
  readonly message: string
  readonly answer: (result: object) => void
}
const { desktop } = vi.hoisted(() => ({
  desktop: { boxes: [] as Box[], opened: [] as string[], windows: [] as unknown[] },
}))
vi.mock('electron', () => {
  const show = (...parameters: readonly { readonly message?: string }[]) =>
    new Promise((resolve) => desktop.boxes.push({ message: parameters.at(-1)?.message ?? '', answer: resolve }))
  return {
    BrowserWindow: { getAllWindows: () => desktop.windows },
    dialog: { showMessageBox: show, showOpenDialog: show },
    shell: { openExternal: async (url: string) => void desktop.opened.push(url) },
  }
})

const yes = { response: 1 }
const no = { response: 0 }
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Answers the open dialog, and waits until the next one could be open. */
async function answer(result: object) {
  desktop.boxes.at(-1)!.answer(result)
  await settle()
}

/** A window with running jobs. `close` is what the user does. */
function openWindow(running = 0) {
  const jobs: Job[] = Array.from({ length: running }, () => ({
    id: '1',
    subject: { kind: 'pull', reference: 'redis:7', layers: [] },
    items: [],
    state: 'running',
    started: 0,
  }))
  let isDestroyed = false
  const window = Object.assign(new EventEmitter(), {
    isDestroyed: () => isDestroyed,
    destroy() {
      isDestroyed = true
      desktop.windows = []
    },
  })
  desktop.windows = [window]
  askBeforeClosing(window as unknown as BrowserWindow, { jobs: () => jobs, language: () => 'en' })
  return {
    isOpen: () => !isDestroyed,
    close() {
      const event = { isPrevented: false, preventDefault: () => void (event.isPrevented = true) }
      window.emit('close', event)
      if (!event.isPrevented) window.destroy()
    },
    endJobs: () => void jobs.splice(0),
  }
}

const questions = userQuestions(() => 'en')
const folders = [{ row: 0, path: '/mnt', canWrite: true, isSystem: false }]
const askForFolder = () => questions.allowsFolders({ reference: 'box:1', name: '', folders })

afterEach(() => void Object.assign(desktop, { boxes: [], opened: [], windows: [] }))

test('a question waits for the dialog that is open, and gets its own answer', async () => {
  openWindow()
  const link = questions.openLink('https://example.com/')
  const folder = askForFolder()
  await settle()
  expect(desktop.boxes).toHaveLength(1)
  await answer(no)
  expect(await link).toEqual({ ok: true, value: undefined })
  expect(desktop.opened).toEqual([])
  expect(desktop.boxes).toHaveLength(2)
  await answer(yes)
  expect(await folder).toBe(true)
})

test('a question waits for a file dialog, which is not opened while a question is open', async () => {
  openWindow()
  const choice = chooseFolder('/')
  const folder = askForFolder()
  await answer({ canceled: false, filePaths: ['/chosen'] })
  expect(await choice).toBe('/chosen')
  expect(await chooseFolder('/')).toBeUndefined()
  expect(desktop.boxes).toHaveLength(2)
  await answer(yes)
  expect(await folder).toBe(true)
})

test('of many questions at once, four are asked, one after the other, and the others are busy', async () => {
  openWindow()
  const answers = Array.from({ length: 300 }, askForFolder)
  for (const result of [yes, no, yes, no]) await answer(result)
  expect(await Promise.all(answers)).toEqual([true, false, true, false, ...Array.from({ length: 296 }, () => 'busy')])
  expect(desktop.boxes).toHaveLength(4)
})

test('a dialog that fails lets the next one open', async () => {
  const failing = askInTurn(() => Promise.reject(new Error('no display')))
  const next = askInTurn(async () => 'shown')
  expect(isAsking()).toBe(true)
  await expect(failing).rejects.toThrow('no display')
  expect(await next).toBe('shown')
  expect(isAsking()).toBe(false)
  expect(await showOneDialog(async () => 'shown', 'refused')).toBe('shown')
})

test('a window without jobs closes at once, unless a question is open: then it closes after the answer', async () => {
  const first = openWindow()
  first.close()
  expect(first.isOpen()).toBe(false)

  const second = openWindow()
  const folder = askForFolder()
  second.close()
  second.close()
  expect(second.isOpen()).toBe(true)
  await answer(yes)
  expect(await folder).toBe(true)
  expect(second.isOpen()).toBe(false)
  expect(desktop.boxes).toHaveLength(1)
})

test('with jobs, the question whether to quit comes after the open and the waiting ones, and is not lost', async () => {
  const window = openWindow(1)
  const answers = Array.from({ length: 5 }, askForFolder)
  window.close()
  for (let count = 0; count < 4; count++) await answer(yes)
  expect(await Promise.all(answers)).toEqual([true, true, true, true, 'busy'])
  expect(desktop.boxes.at(-1)!.message).toBe('One image is still being pulled.')
  await answer(no)
  expect(window.isOpen()).toBe(true)
  window.close()
  await settle()
  await answer(yes)
  expect(window.isOpen()).toBe(false)
})

test('if the jobs end while another question is open, the window closes without a question', async () => {
  const window = openWindow(1)
  const folder = askForFolder()
  window.close()
  window.endJobs()
  await answer(no)
  expect(await folder).toBe(false)
  expect(window.isOpen()).toBe(false)
})

test('a question that waits when the user quits is not shown', async () => {
  const window = openWindow(1)
  window.close()
  const folder = askForFolder()
  await answer(yes)
  expect(window.isOpen()).toBe(false)
  expect(await folder).toBe('busy')
  expect(desktop.boxes).toHaveLength(1)
})
