/** Which screen is on, and in which order the rail shows them. */
export const screenNames = ['images', 'discover', 'mirrors', 'activity', 'terminals'] as const
export type ScreenName = (typeof screenNames)[number]

class Screens {
  current = $state<ScreenName>('images')
}

export const screens = new Screens()
