// Runs in the measured page. Defines `bench`, which records when something appears and how much work an input causes.
;(() => {
  /** In ms since 1970, like `Date.now()`, but with fractions. */
  const now = () => performance.timeOrigin + performance.now()

  /** Resolves with the time at which the text appears in the list. */
  const waitForListText = (text) =>
    new Promise((resolve) => {
      const isListed = () =>
        [...document.querySelectorAll('[role=gridcell] > :first-child')].some((part) => part.textContent === text)
      const observer = new MutationObserver(() => {
        if (!isListed()) return
        observer.disconnect()
        resolve(now())
      })
      observer.observe(document, { childList: true, subtree: true, characterData: true })
    })

  /** Resolves with the milliseconds that main takes to send all images to the page. */
  const measureTransfer = async () => {
    const start = performance.now()
    await slipway.call('images.snapshot')
    return performance.now() - start
  }

  // Svelte's updates are chains of a few microtasks.
  const runMicrotasks = async () => {
    for (let i = 0; i < 20; i++) await undefined
  }
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const forceLayout = () => void document.body.getBoundingClientRect()

  /** Milliseconds from the first event to the end of the last one, with the updates, style and layout that follow. */
  const measureTask = ([firstEvent, lastEvent]) =>
    new Promise((resolve) => {
      let start
      addEventListener(firstEvent, () => (start = performance.now()), { capture: true, once: true })
      addEventListener(
        lastEvent,
        async () => {
          await runMicrotasks()
          forceLayout()
          resolve(performance.now() - start)
        },
        { once: true },
      )
    })

  /**
   * Measures the work that the next input causes: the given tasks, and the scrolling that follows. The wait for the
   * frame that dispatches the scroll event is not work, so it is not counted.
   */
  const measureWork = async (tasks) => {
    let scrolledAt
    const onScroll = () => (scrolledAt ??= performance.now())
    addEventListener('scroll', onScroll, { capture: true })
    const durations = await Promise.all(tasks.map(measureTask))
    await nextFrame()
    await runMicrotasks()
    forceLayout()
    if (scrolledAt) durations.push(performance.now() - scrolledAt)
    removeEventListener('scroll', onScroll, { capture: true })
    await nextFrame()
    const ms = durations.reduce((sum, duration) => sum + duration, 0)
    return { ms, rows: document.querySelectorAll('[role=row]').length }
  }

  globalThis.bench = { waitForListText, measureTransfer, measureWork }
})()
