/** Native dialogs are shown one at a time, so that a page cannot cover the screen with them. */
let isOpen = false

/** @returns what the dialog returns; `otherwise`, without showing the dialog, while another one is open */
export async function showOneDialog<T>(show: () => Promise<T>, otherwise: T): Promise<T> {
  if (isOpen) return otherwise
  isOpen = true
  try {
    return await show()
  } finally {
    isOpen = false
  }
}
