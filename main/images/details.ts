/** The configuration of an image for the details pane. */
import type { ImageDetails } from '../../preload/contract/index.ts'
import type { ImageInspect } from '../engine/index.ts'

export const detailsOf = ({
  Id,
  RepoDigests,
  Author,
  Os,
  Architecture,
  Variant,
  Config,
}: ImageInspect): ImageDetails => ({
  id: Id,
  platform: [Os, Architecture, Variant].filter(Boolean).join('/'),
  digests: RepoDigests,
  author: Author,
  entrypoint: Config.Entrypoint,
  command: Config.Cmd,
  environment: Config.Env,
  ports: Config.ExposedPorts,
  volumes: Config.Volumes,
  labels: Object.entries(Config.Labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  workingDirectory: Config.WorkingDir,
  user: Config.User,
})
