/** The initial options of the dialog that runs an image. */
import type { ImageId, Reference } from '../../model/image/image.ts'
import { runsOn } from '../../model/image/platform.ts'
import { suggestRun } from '../../model/run/suggestion.ts'
import type { ImageDetails, RunSuggestion } from '../../preload/contract/index.ts'
import { listNetworks, type EngineSession } from '../engine/index.ts'
import type { Ports } from './ports.ts'
import { readsOnlyLabelledFolders } from './selinux.ts'
import type { ImageShells } from './shells.ts'

interface SuggestionInput {
  readonly image: ImageId
  readonly reference: Reference
  readonly details: ImageDetails
  /** The names of existing containers. */
  readonly takenNames: ReadonlySet<string>
  /** The flags with which the Docker CLI uses this engine. */
  readonly engineFlags: readonly string[]
}

export async function suggestOptions(
  session: EngineSession,
  shells: ImageShells,
  ports: Ports,
  { image, reference, details, takenNames, engineFlags }: SuggestionInput,
): Promise<RunSuggestion> {
  const { entrypoint, command, environment, ports: exposes, volumes, user, workingDirectory, platform } = details
  // Shells are looked up only if one would be suggested.
  const suggestsShell = exposes.length === 0 && entrypoint.length === 0
  const [foundShells, networks, needsFolderLabels] = await Promise.all([
    // An error of the engine is ignored here and reported when the image is run.
    suggestsShell ? shells.find(session, image).catch(() => []) : [],
    listNetworks(session),
    readsOnlyLabelledFolders(session),
  ])
  const { isFree } = ports
  const enginePlatform = session.capabilities.platform
  return {
    options: await suggestRun({ image, reference, exposes, entrypoint, shell: foundShells[0], takenNames, isFree }),
    ...{ entrypoint, command, environment, exposes, volumes, user },
    workdir: workingDirectory,
    engineFlags,
    networks,
    needsFolderLabels,
    ...(!runsOn(platform, enginePlatform) && { platform: { image: platform, engine: enginePlatform } }),
  }
}
