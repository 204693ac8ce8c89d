/** What is done with containers from where they are listed, and what went wrong with it. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result } from '../../preload/contract/index.ts'
import { terminals } from '../terminals/terminals.svelte.ts'

class Containers {
  /** By container: the last thing asked of it failed. */
  failures = $state.raw<Readonly<Record<ContainerId, Failure>>>({})
  /** Those of which something is asked now. */
  working = $state.raw<ReadonlySet<ContainerId>>(new Set())

  start = (id: ContainerId) => this.#do(id, () => slipway.call('containers.start', id))
  stop = (id: ContainerId) => this.#do(id, () => slipway.call('containers.stop', id))
  attach = (id: ContainerId) => this.#do(id, () => terminals.open(id, 'attach'))
  /** Where there is none, its own program is all that there is to talk to. */
  shell = (id: ContainerId) =>
    this.#do(id, async () => {
      const opened = await terminals.open(id, 'shell')
      return !opened.ok && opened.error.code === 'shell-missing' ? terminals.open(id, 'attach') : opened
    })
  logs = (id: ContainerId) => this.#do(id, () => terminals.open(id, 'logs'))
  open = (container: ContainerId, url: string) =>
    this.#do(container, () => slipway.call('containers.openPage', { container, url }))
  remove = (container: ContainerId, volumes: readonly string[]) =>
    this.#do(container, () => slipway.call('containers.remove', { container, volumes: [...volumes] }))

  async #do(id: ContainerId, ask: () => Promise<Result<unknown>>): Promise<boolean> {
    this.working = new Set([...this.working, id])
    const answer = await ask()
    this.working = new Set([...this.working].filter((other) => other !== id))
    const { [id]: _, ...others } = this.failures
    this.failures = answer.ok ? others : { ...others, [id]: answer.error }
    return answer.ok
  }
}

export const containers = new Containers()
