/** Main's own questions to the user, in native dialogs, which no page can answer. No is the default and Escape's answer. */
import { BrowserWindow, dialog } from 'electron'
import type { FolderToAllow } from '../../model/run/mount-question.ts'
import { fail, ok, type Language, type Result } from '../../preload/contract/index.ts'
import { catalogues, phrase } from '../../resources/messages/index.ts'
import { askInTurn } from './one-dialog.ts'
import { folderQuestionText, linkQuestionText, type ContainerNames, type QuestionText } from './question-text.ts'
import { chooseFolder, openPage } from './system.ts'

/** More lines might not fit on the screen. */
const maxFoldersPerDialog = 10

export function userQuestions(language: () => Language) {
  return {
    /**
     * Asks whether a container may have the folders.
     * @returns true if it may have all of them; `busy` if the user was not asked because too many questions wait
     */
    async allowsFolders({ folders, ...names }: ContainerNames & { readonly folders: readonly FolderToAllow[] }) {
      for (let from = 0; from < folders.length; from += maxFoldersPerDialog) {
        const text = folderQuestionText(language(), names, folders.slice(from, from + maxFoldersPerDialog))
        const answer = await ask(text, folders.some(({ isSystem }) => isSystem) ? 'warning' : 'question')
        if (answer !== true) return answer
      }
      return true
    },

    /** Lets the user choose a folder that containers get without a question until the app ends. */
    chooseContainerFolder: (current: string) =>
      chooseFolder(current, phrase(catalogues[language()]['folders.choose'], {}, language())),

    /**
     * Asks whether to open a web page, and opens it. Fails with `bad-input` if the address is not that of a web page, and
     * with `busy` if too many questions wait.
     */
    async openLink(address: string): Promise<Result<void>> {
      const url = URL.parse(address)
      if (!url || !['http:', 'https:'].includes(url.protocol)) return fail({ code: 'bad-input' })
      const answer = await ask(linkQuestionText(language(), url), 'question')
      if (answer === 'busy') return fail({ code: 'busy' })
      if (answer) await openPage(url.href)
      return ok(undefined)
    },
  }
}

function ask({ title, detail, no, yes }: QuestionText, type: 'question' | 'warning'): Promise<boolean | 'busy'> {
  const options = { type, message: title, detail, buttons: [no, yes], defaultId: 0, cancelId: 0, noLink: true }
  return askInTurn(async () => {
    const [window] = BrowserWindow.getAllWindows()
    // The user has quit while the question was waiting.
    if (!window) return 'busy'
    const { response } = await dialog.showMessageBox(window, options)
    return response === 1
  })
}
