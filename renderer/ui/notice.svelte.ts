/** A short word on what was just done, which needs no answer and goes by itself. */
const shownFor = 6000

class Notices {
  text = $state('')
  #timer: ReturnType<typeof setTimeout> | undefined

  say(text: string) {
    this.text = text
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.text = ''), shownFor)
  }
}

export const notices = new Notices()
