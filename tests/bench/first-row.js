// Runs in the preload script of measured apps, before everything else in the page. Records when the first row is in the
// DOM, in ms since 1970. The page of the empty app has one element with the role `gridcell` for this.
new MutationObserver((_, observer) => {
  if (!document.querySelector('[role=gridcell]')) return
  observer.disconnect()
  document.documentElement.dataset.firstRow = String(performance.timeOrigin + performance.now())
}).observe(document, { childList: true, subtree: true })
