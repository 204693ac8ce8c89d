/** A plan carried out, as it stands: what has moved since is not touched, and each item's fate is told truly. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import * as v from 'valibot'
import { shortId, splitReference, type ContainerId, type ImageId } from '../../model/image/image.ts'
import type { ContainerRemoval, Deletion, RemovalPlan, Untagging } from '../../model/removal/plan.ts'
import type { Failure } from '../../preload/contract/index.ts'
import type { Working } from '../jobs/index.ts'
import { type Engine, engineFailure, list, names, statusOf, whileHere } from '../engine/index.ts'

type Item = { readonly untag: Untagging } | { readonly deletion: Deletion }

/** One for each image that goes and each tag that is taken: tags first. */
export const itemsOf = ({ untags, deletes }: RemovalPlan): Item[] => [
  ...untags.map((untag) => ({ untag })),
  ...deletes.map((deletion) => ({ deletion })),
]
export const nameOf = (item: Item): string =>
  'untag' in item ? item.untag.reference : (item.deletion.references[0] ?? shortId(item.deletion.image))

const inspected = v.object({ Id: v.string(), RepoTags: names })
const removed = list(v.object({ Deleted: v.optional(v.string()) }))
const container = v.object({ Image: v.string(), State: v.object({ Running: v.boolean() }) })
const users = v.array(v.object({ Id: v.string(), ImageID: v.string() }))

/** How long the engine is waited for after it went away, to look what became of the item it was at. */
const patience = 60_000

interface Needs {
  readonly engine: Pick<Engine, 'docker' | 'live'>
  readonly endpoint: string
  readonly plan: RemovalPlan
  readonly job: Working
}

/** Answers with the items that came about. */
export async function carryOut({ engine, endpoint, plan, job }: Needs): Promise<Set<Item>> {
  const items = itemsOf(plan)
  const done = new Set<Item>()
  const begun = new Set<Item>()
  let away = false

  async function one(at: number) {
    const item = items[at]!
    const docker = engine.docker()
    if (!docker.ok) {
      away = true
      return job.fail(docker.error)
    }
    begun.add(item)
    job.item(at, { state: 'running' })
    try {
      const work = 'untag' in item ? untag(docker.value, item.untag) : remove(docker.value, item.deletion, plan)
      const failure = await whileHere(engine, docker.value, work)
      if (!failure) done.add(item)
      job.item(at, failure ? { state: 'failed', failure } : { state: 'done' })
    } catch (error) {
      const failure = engineFailure(error, endpoint)
      if (statusOf(error) !== undefined) return job.item(at, { state: 'failed', failure })
      // The engine is away. Whether it still did the item is seen when it is back; the rest is left as it is.
      away = true
      job.fail(failure)
      job.item(at, { state: 'unknown' })
      const fate = await fateOf(item, engine)
      if (fate === 'gone') done.add(item)
      if (fate === 'gone') job.item(at, { state: 'done' })
      if (fate === 'there') job.item(at, { state: 'failed', failure })
    }
  }

  // One after another: the classic store, asked to remove two images at once that share layers, fails with "layer does
  // not exist" and may keep half of one (tried on 20.10 and 26.1).
  for (let at = 0; at < items.length && !away && !job.cancelled.aborted; at++) await one(at)
  items.forEach((item, at) => begun.has(item) || job.item(at, { state: 'kept' }))
  return done
}

/** Nothing where it came about. */
async function untag(docker: Docker, { reference, image, staysAs }: Untagging): Promise<Failure | undefined> {
  const now = await look(docker, reference)
  // Were it the last name, its removal would delete the image.
  if (now?.Id !== image || !now.RepoTags.some((name) => staysAs.includes(name))) return moved(image)
  await docker.getImage(reference).remove()
  return undefined
}

async function remove(docker: Docker, deletion: Deletion, plan: RemovalPlan): Promise<Failure | undefined> {
  const { image } = deletion
  const containers = plan.containers.filter((each) => each.image === image)
  if (!(await isAsPlanned(docker, deletion, containers))) return moved(image)
  for (const each of containers) if (!(await removeContainer(docker, each))) return moved(image)

  const taken: string[] = []
  try {
    for (const [at, name] of deletion.names.entries()) {
      const deleted = v.parse(removed, await docker.getImage(name).remove())
      taken.push(name)
      const last = at === deletion.names.length - 1
      if (last && !deleted.some(({ Deleted }) => Deleted === image) && (await look(docker, image)))
        return { code: 'image-stays', image }
    }
    return undefined
  } catch (error) {
    const status = statusOf(error)
    if (status === undefined) throw error
    // An image that is kept keeps its names.
    for (const name of taken) await tagAgain(docker, image, name)
    if (status === 404 || status === 409) return moved(image)
    throw error
  }
}

async function isAsPlanned(
  docker: Docker,
  { image, references, names }: Deletion,
  planned: readonly ContainerRemoval[],
) {
  // The engine itself refuses the last name of an image in use; before that it would take the others.
  const mayBeUsed = names.length > 1 || planned.length > 0
  const asked: Promise<ContainerId[]> = mayBeUsed ? usersOf(docker, image) : Promise.resolve([])
  const [now, using] = await Promise.all([look(docker, image), asked])
  if (!now || now.RepoTags.join('\n') !== [...references].sort().join('\n')) return false
  return using.length === planned.length && planned.every(({ id }) => using.includes(id))
}

async function usersOf(docker: Docker, image: ImageId): Promise<ContainerId[]> {
  // All of them: 20.10 takes four milliseconds for each question that names an ancestor.
  const reply = await docker.listContainers({ all: true })
  return v.parse(users, reply).flatMap(({ Id, ImageID }) => (ImageID === image ? [Id] : []))
}

/** Whether it was as planned, and is gone now. One that began to run meanwhile is let be. */
async function removeContainer(docker: Docker, { id, image, stop }: ContainerRemoval): Promise<boolean> {
  const handle = docker.getContainer(id)
  const now = v.parse(container, await handle.inspect())
  if (now.Image !== image || (now.State.Running && !stop)) return false
  if (now.State.Running) await handle.stop()
  await handle.remove()
  return true
}

const moved = (image: ImageId): Failure => ({ code: 'image-moved', image })

/** Nothing where there is no such image. */
export async function look(docker: Docker, name: string) {
  try {
    return v.parse(inspected, await docker.getImage(name).inspect())
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

async function tagAgain(docker: Docker, image: ImageId, name: string) {
  if (name.includes('@') || name === image) return
  const { repository, tag } = splitReference(name)
  await docker
    .getImage(image)
    .tag({ repo: repository, tag })
    .catch(() => undefined)
}

/** What became of an item while the engine went away. A name that an image lost and should have kept is put back. */
async function fateOf(item: Item, engine: Needs['engine']): Promise<'gone' | 'there' | 'unknown'> {
  for (const end = Date.now() + patience; Date.now() < end; await delay(200)) {
    const docker = engine.docker()
    if (!docker.ok) continue
    try {
      if ('untag' in item)
        return (await whileHere(engine, docker.value, look(docker.value, item.untag.reference)))?.Id ===
          item.untag.image
          ? 'there'
          : 'gone'
      const { image, references } = item.deletion
      const now = await whileHere(engine, docker.value, look(docker.value, image))
      if (!now) return 'gone'
      for (const name of references) if (!now.RepoTags.includes(name)) await tagAgain(docker.value, image, name)
      return 'there'
    } catch {
      // Away again: wait on.
    }
  }
  return 'unknown'
}
