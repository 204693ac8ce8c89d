/** What the engine says of one container, as far as it matters to Slipway. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { ask } from './ask.ts'
import { statusOf } from './errors.ts'
import { id, list, text } from './replies.ts'

const binding = v.object({ HostIp: text, HostPort: text })
const mount = v.object({ Type: text, Name: text, Destination: text })

const container = v.object({
  Name: v.string(),
  Path: text,
  Args: list(v.string()),
  Image: id,
  State: v.object({ Running: v.boolean(), Status: v.string() }),
  Config: v.object({ Image: v.string(), Tty: v.boolean(), OpenStdin: v.boolean() }),
  HostConfig: v.object({
    AutoRemove: v.nullish(v.boolean(), false),
    Binds: list(v.string()),
    Mounts: list(v.object({ Source: text, Target: v.string() })),
  }),
  Mounts: list(mount),
  NetworkSettings: v.object({ Ports: v.nullish(v.record(v.string(), list(binding)), {}) }),
  SizeRw: v.nullish(v.number(), 0),
})
export type ContainerInspect = v.InferOutput<typeof container>

/** Nothing where it is gone. */
export async function inspectContainer(
  docker: Docker,
  of: string,
  size = false,
): Promise<ContainerInspect | undefined> {
  try {
    return v.parse(container, await ask(docker, `/containers/${of}/json`, { size }))
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}
