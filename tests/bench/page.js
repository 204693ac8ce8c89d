// Put into the page once it is there: notes when something shows, by the machine's clock, and what input costs.
;(() => {
  const now = () => performance.timeOrigin + performance.now()

  /** The instant at which a text is in the list. */
  const inList = (text) =>
    new Promise((resolve) => {
      const look = () =>
        [...document.querySelectorAll('[role=gridcell] > :first-child')].some((part) => part.textContent === text)
      const observer = new MutationObserver(() => {
        if (!look()) return
        observer.disconnect()
        resolve(now())
      })
      observer.observe(document, { childList: true, subtree: true, characterData: true })
    })

  const transfer = async () => {
    const start = performance.now()
    await slipway.call('images.snapshot')
    return performance.now() - start
  }

  // Chains of microtasks are what Svelte's updates are; none is longer than a few.
  const microtasksDone = async () => {
    for (let i = 0; i < 20; i++) await undefined
  }
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const layOut = () => void document.body.getBoundingClientRect()

  /** From the first event of a task to the end of another, with the scripts that these set off, style and layout. */
  const piece = ([first, last]) =>
    new Promise((resolve) => {
      let start
      addEventListener(first, () => (start = performance.now()), { capture: true, once: true })
      addEventListener(
        last,
        async () => {
          await microtasksDone()
          layOut()
          resolve(performance.now() - start)
        },
        { once: true },
      )
    })

  /**
   * The work that the next input makes: the given pieces, and that of the scrolling which follows. The wait for the
   * frame in which scrolling is told is no work, and left out.
   */
  const work = async (pieces) => {
    let scrolled
    const hear = () => (scrolled ??= performance.now())
    addEventListener('scroll', hear, { capture: true })
    const parts = await Promise.all(pieces.map(piece))
    await frame()
    await microtasksDone()
    layOut()
    if (scrolled) parts.push(performance.now() - scrolled)
    removeEventListener('scroll', hear, { capture: true })
    await frame()
    return { ms: parts.reduce((sum, part) => sum + part, 0), rows: document.querySelectorAll('[role=row]').length }
  }

  globalThis.bench = { inList, transfer, work }
})()
