/** The screens in the order of the rail, and the current one. */
export const screenNames = ['images', 'discover', 'mirrors', 'activity', 'terminals'] as const
export type ScreenName = (typeof screenNames)[number]

class Screens {
  current = $state<ScreenName>('images')
}

export const screens = new Screens()
