// Part of the preload script of measured apps, so that it runs before everything else in the page. Records when the
// first row is in the DOM, in ms since 1970. The empty app has one element with a row's role for this.
new MutationObserver((_, observer) => {
  if (!document.querySelector('[role=gridcell]')) return
  observer.disconnect()
  document.documentElement.dataset.firstRow = String(performance.timeOrigin + performance.now())
}).observe(document, { childList: true, subtree: true })
