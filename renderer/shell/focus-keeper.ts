/**
 * Keeps the keyboard's focus on the screen. When the focused control disappears (Undo on a card, Test in a form), the
 * browser drops the focus to the page, and a keyboard user would have to start again from the top of the window.
 */

const containers = 'li, article, form, section, [role=region], aside, dialog, main'
const controls = 'button, a[href], input, select, textarea, summary, [tabindex="0"]'

interface Place {
  readonly element: HTMLElement
  /** The containers of the element, innermost first, each with the position of the element among its controls. */
  readonly ancestors: readonly (readonly [container: HTMLElement, position: number])[]
}

/** @returns a function that stops keeping the focus */
export function keepFocus(): () => void {
  let lastPlace: Place | undefined
  let restoreTimer: ReturnType<typeof setTimeout> | undefined

  function restore() {
    restoreTimer = undefined
    if (!lastPlace || document.activeElement !== document.body) return
    const { element, ancestors } = lastPlace
    // A control that is disabled while it works gets the focus back as soon as it is enabled.
    if (element.isConnected) return element.focus()
    const next = ancestors.map(nextIn).find((control) => control !== undefined) ?? screenFocus()
    next?.focus({ preventScroll: true })
  }

  const remember = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && target !== document.body) lastPlace = placeOf(target)
  }
  /** If the user presses on empty space, the focus is dropped on purpose and not restored. */
  const handlePress = () =>
    setTimeout(() => {
      if (
        document.activeElement === document.body &&
        lastPlace?.element.isConnected &&
        !lastPlace.element.matches(':disabled')
      )
        lastPlace = undefined
    })
  // A timeout runs after the screens' own focus handling.
  const observer = new MutationObserver(() => (restoreTimer ??= setTimeout(restore)))

  document.addEventListener('focusin', remember)
  document.addEventListener('pointerdown', handlePress)
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  return () => {
    document.removeEventListener('focusin', remember)
    document.removeEventListener('pointerdown', handlePress)
    observer.disconnect()
    clearTimeout(restoreTimer)
  }
}

function placeOf(element: HTMLElement): Place {
  const ancestors: (readonly [HTMLElement, number])[] = []
  for (let container = closest(element); container; container = closest(container))
    ancestors.push([container, controlsIn(container).indexOf(element)])
  return { element, ancestors }
}

const closest = (element: HTMLElement) => element.parentElement?.closest<HTMLElement>(containers) ?? undefined

function nextIn([container, position]: Place['ancestors'][number]): HTMLElement | undefined {
  if (!container.isConnected) return undefined
  if (container.hasAttribute('tabindex')) return container
  const remaining = controlsIn(container)
  return remaining[Math.min(Math.max(0, position), remaining.length - 1)]
}

const controlsIn = (container: HTMLElement): HTMLElement[] =>
  [...container.querySelectorAll<HTMLElement>(controls)].filter(
    (control) => control.tabIndex >= 0 && !control.matches(':disabled') && control.checkVisibility(),
  )

/** @returns the element that gets the focus first: the cursor of the screen's list, a region, or the screen itself */
function screenFocus(): HTMLElement | undefined {
  const screen = document.querySelector<HTMLElement>('dialog[open]') ?? document.querySelector<HTMLElement>('main')
  const start = screen?.querySelector<HTMLElement>('[role=row][tabindex="0"], [role=region][tabindex="0"]')
  if (start || !screen) return start ?? undefined
  screen.tabIndex = -1
  return screen
}
