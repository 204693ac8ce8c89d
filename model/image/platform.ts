/** Platforms as Docker writes them: `linux/amd64`, `linux/arm/v7`. */

export interface PlatformParts {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | null | undefined
}

/** Without the variant that goes without saying. Source: containerd platforms/database.go, `normalizeArch`. */
export function platformName({ os, architecture, variant }: PlatformParts): string {
  const implied = architecture === 'arm64' && (variant === 'v8' || variant === '8')
  return [os, architecture, ...(variant && !implied ? [variant] : [])].join('/')
}

/** What the official images' maintainers call an architecture. Source: docker-library/bashbrew architecture/oci-platform.go. */
export function officialPlatform(architecture: string): string {
  const arm = /^arm(?:32|64)(v\d+)$/.exec(architecture)
  if (arm)
    return platformName({
      os: 'linux',
      architecture: architecture.startsWith('arm64') ? 'arm64' : 'arm',
      variant: arm[1],
    })
  return platformName({ os: 'linux', architecture: architecture === 'i386' ? '386' : architecture })
}

/** Whether an engine's own processor runs what is made for another platform. Without it, only an emulator would. */
export function runsOn(image: string, engine: string): boolean {
  const [os, architecture] = image.split('/')
  const [itsOs, itsArchitecture] = engine.split('/')
  const also = { amd64: '386', arm64: 'arm' }[itsArchitecture ?? '']
  return os === itsOs && (architecture === itsArchitecture || architecture === also)
}
