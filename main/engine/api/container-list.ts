/** Lists containers. Source: Docker Engine API, ContainerList. */
import * as v from 'valibot'
import { containerStates, type Container } from '../../../model/image/image.ts'
import { id, list, listedDate, malformedPart, text } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

const port = v.object({ IP: text, PublicPort: v.optional(v.number()), Type: text })

/** A row must have an id and an image id. All other fields have defaults. */
const containerRow = v.object({
  Id: v.string(),
  ImageID: id,
  Names: v.fallback(list(v.string()), []),
  State: v.fallback(v.picklist(containerStates), 'dead'),
  Created: v.fallback(listedDate, 0),
  Ports: v.fallback(list(port), []),
})
export type ListedContainer = v.InferOutput<typeof containerRow>

/**
 * Lists containers. Throws if a row does not parse. Timeout: 30 s.
 * @param all includes containers that are not running
 * @param volume only lists the containers that use this volume
 */
export const listContainers = (session: EngineSession, { all = false, volume = '' } = {}): Promise<ListedContainer[]> =>
  ask(session, v.array(containerRow), {
    path: '/containers/json',
    query: { all, ...(volume && { filters: { volume: [volume] } }) },
    timeoutMs: 30_000,
  })

const fromRow = ({ Id, Names: [name], ImageID, State, Created }: ListedContainer): Container => ({
  id: Id,
  name: name?.replace(/^\//, '') ?? Id.slice(0, 12),
  image: ImageID,
  state: State,
  created: Created,
})

export interface ContainerRows {
  /** Undefined if the engine refused the list (`sync/reader`). */
  readonly containers?: readonly Container[]
  /** Why the list is missing or incomplete: the engine's refusal, or the malformed part of a row. */
  readonly failure?: string
}

/**
 * Parses a reply of `GET /containers/json`. Malformed rows are logged and skipped; `failure` quotes the
 * malformed part of the first one. Throws if the reply is not a list.
 */
export function parseContainerRows(reply: unknown): ContainerRows {
  let failure: string | undefined
  const containers = v.parse(list(v.unknown()), reply).flatMap((row): Container[] => {
    const parsed = v.safeParse(containerRow, row)
    if (parsed.success) return [fromRow(parsed.output)]
    failure ??= malformedPart(parsed.issues)
    console.warn('Skipping a malformed listed container:', malformedPart(parsed.issues))
    return []
  })
  return { containers, ...(failure !== undefined && { failure }) }
}

/** Lists all containers for the live state. Malformed rows are skipped. Throws if the engine refuses. Timeout: 5 min. */
export const readContainers = async (session: EngineSession): Promise<ContainerRows> =>
  parseContainerRows(
    await ask(session, v.unknown(), { path: '/containers/json', query: { all: true }, timeoutMs: 300_000 }),
  )
