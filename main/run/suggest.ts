/** What a dialog to run an image begins with. */
import type { ImageId, Reference } from '../../model/image/image.ts'
import { runsOn } from '../../model/image/platform.ts'
import { suggestRun } from '../../model/run/suggestion.ts'
import type { ImageDetails, RunSuggestion } from '../../preload/contract/index.ts'
import { listNetworks, type EngineSession } from '../engine/index.ts'
import type { Ports } from './ports.ts'
import type { ImageShells } from './shells.ts'

interface Known {
  readonly image: ImageId
  readonly reference: Reference
  readonly details: ImageDetails
  readonly names: ReadonlySet<string>
  readonly reach: readonly string[]
}

export async function suggestion(
  session: EngineSession,
  shells: ImageShells,
  ports: Ports,
  { image, reference, details, names, reach }: Known,
): Promise<RunSuggestion> {
  const { entrypoint, command, environment, ports: exposes, volumes, user, workingDirectory, platform } = details
  // Only where a shell would be suggested is one looked for.
  const wanted = exposes.length === 0 && entrypoint.length === 0
  const [found, known] = await Promise.all([
    // Whatever keeps the engine from making a container will be told when it is run.
    wanted ? shells.of(session, image).catch(() => []) : [],
    listNetworks(session),
  ])
  const { isFree } = ports
  const enginePlatform = session.capabilities.platform
  return {
    wish: await suggestRun({ image, reference, exposes, entrypoint, shell: found[0], names, isFree }),
    ...{ entrypoint, command, environment, exposes, volumes, user },
    workdir: workingDirectory,
    reach,
    networks: known,
    ...(!runsOn(platform, enginePlatform) && { platform: { image: platform, engine: enginePlatform } }),
  }
}
