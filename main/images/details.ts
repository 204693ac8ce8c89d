/** An image's configuration as the details pane tells it, out of the engine's inspect. Source: Docker Engine API, ImageInspect. */
import * as v from 'valibot'
import type { ImageDetails } from '../../preload/contract/index.ts'
import { id, keys, list, names, text } from '../engine/index.ts'

const config = v.object({
  Entrypoint: list(v.string()),
  Cmd: list(v.string()),
  Env: list(v.string()),
  ExposedPorts: keys,
  Volumes: keys,
  Labels: v.nullish(v.record(v.string(), v.string()), {}),
  WorkingDir: text,
  User: text,
})

export const imageDetails = v.pipe(
  v.object({
    Id: id,
    RepoDigests: names,
    Author: text,
    Os: text,
    Architecture: text,
    Variant: text,
    Config: v.nullish(config, {}),
  }),
  v.transform(({ Id, RepoDigests, Author, Os, Architecture, Variant, Config }): ImageDetails => ({
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
  })),
)
