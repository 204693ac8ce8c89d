/** Which shells a container has, without running anything in it. */
import type Docker from 'dockerode'
import { shells } from '../../../model/run/suggestion.ts'
import { statusOf } from './errors.ts'

export type Shell = (typeof shells)[number]['command']

/** Best first. */
export async function shellsIn(container: Docker.Container): Promise<readonly Shell[]> {
  const found = await Promise.all(shells.map(({ path }) => has(container, path)))
  return shells.filter((_, at) => found[at]).map(({ command }) => command)
}

async function has(container: Docker.Container, path: string): Promise<boolean> {
  try {
    const answer = (await container.infoArchive({ path })) as NodeJS.ReadableStream
    answer.resume()
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}
