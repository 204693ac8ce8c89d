/** The displays, as reported by the browser when the app becomes ready. */
import type * as Electron from 'electron'
import { browser } from './browser.ts'
import type { Protocol } from './cdp.ts'
import { guard } from './guard.ts'

type Implemented =
  'id' | 'label' | 'bounds' | 'workArea' | 'size' | 'workAreaSize' | 'scaleFactor' | 'rotation' | 'internal'

let displays: readonly Electron.Display[] = []

export async function readScreens(): Promise<void> {
  const { screenInfos } = await browser().send('Emulation.getScreenInfos')
  displays = screenInfos.toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary)).map(createDisplay)
}

export const screen = guard<Electron.Screen>('screen', {
  getPrimaryDisplay,
  getAllDisplays: () => [...displays],
  getDisplayMatching: (bounds) =>
    displays.reduce(
      (best, next) => (overlapArea(next.bounds, bounds) > overlapArea(best.bounds, bounds) ? next : best),
      getPrimaryDisplay(),
    ),
})

function getPrimaryDisplay(): Electron.Display {
  const [first] = displays
  if (!first) throw new Error("the 'screen' module can't be used before the app is ready")
  return first
}

function createDisplay(info: Protocol.Emulation.ScreenInfo): Electron.Display {
  const bounds = { x: info.left, y: info.top, width: info.width, height: info.height }
  const workArea = { x: info.availLeft, y: info.availTop, width: info.availWidth, height: info.availHeight }
  return guard<Electron.Display>('display', {
    id: Number(info.id),
    label: info.label,
    bounds,
    workArea,
    size: { width: bounds.width, height: bounds.height },
    workAreaSize: { width: workArea.width, height: workArea.height },
    scaleFactor: info.devicePixelRatio,
    rotation: info.orientation.angle,
    internal: info.isInternal,
  } satisfies Pick<Electron.Display, Implemented>)
}

function overlapArea(a: Electron.Rectangle, b: Electron.Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, width) * Math.max(0, height)
}
