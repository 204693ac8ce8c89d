/**
 * Keeps the keyboard's focus on the screen. When the focused control disappears (Undo on a card, Test in a form), the
 * browser drops the focus to the page, and a keyboard user would have to start again from the top of the window.
 */

const containers = 'li, article, form, section, [role=region], aside, dialog, main'
const controls = 'button, a[href], input, select, textarea, summary, [tabindex="0"]'

interface FocusTarget {
  readonly element: HTMLElement
  /** The containers of the element, innermost first, each with the index of the element among its controls. */
  readonly ancestors: readonly (readonly [container: HTMLElement, index: number])[]
}

/** Starts to keep the focus on the screen. @returns a function that stops it */
export function keepFocus(): () => void {
  let lastFocus: FocusTarget | undefined
  let restoreTimer: ReturnType<typeof setTimeout> | undefined

  function restoreFocus() {
    restoreTimer = undefined
    if (!lastFocus || document.activeElement !== document.body) return
    const { element, ancestors } = lastFocus
    // A control that is disabled while it works gets the focus back as soon as it is enabled.
    if (element.isConnected) return element.focus()
    const next = ancestors.map(controlNear).find((control) => control !== undefined) ?? firstFocusOfScreen()
    next?.focus({ preventScroll: true })
  }

  const recordFocus = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && target !== document.body) lastFocus = focusTargetOf(target)
  }
  /** A press on an empty part of the page drops the focus on purpose, so it is not restored. */
  const handlePress = () =>
    setTimeout(() => {
      if (
        document.activeElement === document.body &&
        lastFocus?.element.isConnected &&
        !lastFocus.element.matches(':disabled')
      )
        lastFocus = undefined
    })
  // The timeout lets the screens move the focus first.
  const observer = new MutationObserver(() => (restoreTimer ??= setTimeout(restoreFocus)))

  document.addEventListener('focusin', recordFocus)
  document.addEventListener('pointerdown', handlePress)
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  return () => {
    document.removeEventListener('focusin', recordFocus)
    document.removeEventListener('pointerdown', handlePress)
    observer.disconnect()
    clearTimeout(restoreTimer)
  }
}

function focusTargetOf(element: HTMLElement): FocusTarget {
  const ancestors: (readonly [HTMLElement, number])[] = []
  for (let container = closestContainer(element); container; container = closestContainer(container))
    ancestors.push([container, controlsIn(container).indexOf(element)])
  return { element, ancestors }
}

const closestContainer = (element: HTMLElement) => element.parentElement?.closest<HTMLElement>(containers) ?? undefined

/** @returns what gets the focus instead of the control at `index`: the container if it is focusable, else a control */
function controlNear([container, index]: FocusTarget['ancestors'][number]): HTMLElement | undefined {
  if (!container.isConnected) return undefined
  if (container.hasAttribute('tabindex')) return container
  const remaining = controlsIn(container)
  return remaining[Math.min(Math.max(0, index), remaining.length - 1)]
}

const controlsIn = (container: HTMLElement): HTMLElement[] =>
  [...container.querySelectorAll<HTMLElement>(controls)].filter(
    (control) => control.tabIndex >= 0 && !control.matches(':disabled') && control.checkVisibility(),
  )

/**
 * @returns the first list cursor or focusable region of the open dialog or, without a dialog, of the screen. If it has
 * none: the dialog or the screen itself
 */
function firstFocusOfScreen(): HTMLElement | undefined {
  const screen = document.querySelector<HTMLElement>('dialog[open]') ?? document.querySelector<HTMLElement>('main')
  const start = screen?.querySelector<HTMLElement>('[role=row][tabindex="0"], [role=region][tabindex="0"]')
  if (start || !screen) return start ?? undefined
  screen.tabIndex = -1
  return screen
}
