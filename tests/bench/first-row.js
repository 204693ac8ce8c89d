// Part of the measured apps' preload, so that it is in the page before anything else: notes the instant, in ms since 1970,
// at which the first row, or what the empty page has in its place, is in the DOM.
new MutationObserver((_, observer) => {
  if (!document.querySelector('[role=gridcell]')) return
  observer.disconnect()
  document.documentElement.dataset.firstRow = String(performance.timeOrigin + performance.now())
}).observe(document, { childList: true, subtree: true })
