/** Platform names in Docker's form: `linux/amd64`, `linux/arm/v7`. */

export interface PlatformParts {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | null | undefined
}

/**
 * @returns the platform's name, without the variant `v8` of arm64, which is the default
 * @see containerd platforms/database.go, `normalizeArch`
 */
export function platformName({ os, architecture, variant }: PlatformParts): string {
  const isDefault = architecture === 'arm64' && (variant === 'v8' || variant === '8')
  return [os, architecture, ...(variant && !isDefault ? [variant] : [])].join('/')
}

/**
 * @param architecture an architecture in Docker Hub's form for official images, for example `arm64v8`
 * @returns the platform, for example `linux/arm64`
 * @see docker-library/bashbrew architecture/oci-platform.go
 */
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

/**
 * Whether none of a tag's platforms is the chosen one or a compatible one. False if a platform is unknown (empty), since
 * the tag may have it.
 */
export const lacksPlatform = (platforms: readonly string[], chosen: string): boolean =>
  chosen !== '' && platforms.length > 0 && !platforms.some((platform) => runsOn(platform, chosen))

/** Whether the CPU of the engine's platform can run images of another platform without emulation. */
export function runsOn(imagePlatform: string, enginePlatform: string): boolean {
  const [os, architecture] = imagePlatform.split('/')
  const [engineOs, engineArchitecture] = enginePlatform.split('/')
  const compatible = { amd64: '386', arm64: 'arm' }[engineArchitecture ?? '']
  return os === engineOs && (architecture === engineArchitecture || architecture === compatible)
}
