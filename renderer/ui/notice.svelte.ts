/** A short notice, which disappears after a few seconds. */
const durationMs = 6000

class Notices {
  text = $state('')
  #timer: ReturnType<typeof setTimeout> | undefined

  show(text: string) {
    this.text = text
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.text = ''), durationMs)
  }
}

export const notices = new Notices()
