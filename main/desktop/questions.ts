/** Main's own questions to the user, in native dialogs, which no page can answer. No is the default, and what Escape means. */
import { BrowserWindow, dialog } from 'electron'
import type { FolderToAllow } from '../../model/run/mount-question.ts'
import type { Language } from '../../preload/contract/index.ts'
import { catalogues, phrase } from '../../resources/messages/index.ts'
import { showOneDialog } from './one-dialog.ts'
import { folderQuestionText, linkQuestionText, type ContainerNames, type QuestionText } from './question-text.ts'
import { chooseFolder, openPage } from './system.ts'

/** More lines might not fit on the screen. */
const maxFoldersPerDialog = 10

export function userQuestions(language: () => Language) {
  return {
    /** Asks whether a container may have the folders. @returns true if it may have all of them */
    async allowsFolders({ folders, ...names }: ContainerNames & { readonly folders: readonly FolderToAllow[] }) {
      for (let from = 0; from < folders.length; from += maxFoldersPerDialog) {
        const text = folderQuestionText(language(), names, folders.slice(from, from + maxFoldersPerDialog))
        if (!(await ask(text, folders.some(({ isSystem }) => isSystem) ? 'warning' : 'question'))) return false
      }
      return true
    },

    /** Lets the user choose a folder that containers get without a question until the app ends. */
    chooseContainerFolder: (current: string) =>
      chooseFolder(current, phrase(catalogues[language()]['folders.choose'], {}, language())),

    /** Asks whether to open a web page, and opens it. @returns false if the address is not that of a web page */
    async openLink(address: string): Promise<boolean> {
      const url = URL.parse(address)
      if (!url || !['http:', 'https:'].includes(url.protocol)) return false
      if (await ask(linkQuestionText(language(), url), 'question')) await openPage(url.href)
      return true
    },
  }
}

function ask({ title, detail, no, yes }: QuestionText, type: 'question' | 'warning'): Promise<boolean> {
  const [window] = BrowserWindow.getAllWindows()
  const options = { type, message: title, detail, buttons: [no, yes], defaultId: 0, cancelId: 0, noLink: true }
  return showOneDialog(async () => {
    const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
    return response === 1
  }, false)
}
