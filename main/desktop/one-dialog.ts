/** Native dialogs are shown one at a time, so that a page cannot cover the screen with them. */

/** More questions cannot come from what the user does: only one dialog can be answered at a time. */
const maxWaitingQuestions = 3

let isOpen = false
const waiting: (() => void)[] = []
/** Questions that are open or wait. */
let questions = 0

/** @returns what the dialog returns; `otherwise`, without showing the dialog, while another one is open */
export async function showOneDialog<T>(show: () => Promise<T>, otherwise: T): Promise<T> {
  return isOpen ? otherwise : await showNow(show)
}

/**
 * Shows a question of main once the dialogs before it are answered: nobody answers it in the user's name.
 * @returns what the dialog returns; `busy`, without showing the dialog, if more questions wait than a user can have caused
 */
export async function askInTurn<T>(show: () => Promise<T>, maxWaiting = maxWaitingQuestions): Promise<T | 'busy'> {
  if (waiting.length >= maxWaiting) return 'busy'
  questions++
  try {
    // The one before hands over its turn, so `isOpen` stays true in between.
    if (isOpen) await new Promise<void>((resolve) => waiting.push(resolve))
    return await showNow(show)
  } finally {
    questions--
  }
}

/** Whether a question of main is open or waits. */
export const isAsking = () => questions > 0

async function showNow<T>(show: () => Promise<T>): Promise<T> {
  isOpen = true
  try {
    return await show()
  } finally {
    const next = waiting.shift()
    isOpen = next !== undefined
    next?.()
  }
}
