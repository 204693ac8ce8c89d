/** Container actions (start, stop, shell, logs, …) and their last failures. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result } from '../../preload/contract/index.ts'
import { terminals } from '../terminals/terminals.svelte.ts'

class Containers {
  /** Failure of the last action, by container. */
  failures = $state.raw<Readonly<Record<ContainerId, Failure>>>({})
  /** Containers with an action in progress. */
  working = $state.raw<ReadonlySet<ContainerId>>(new Set())

  start = (id: ContainerId) => this.#do(id, () => slipway.call('containers.start', id))
  stop = (id: ContainerId) => this.#do(id, () => slipway.call('containers.stop', id))
  attach = (id: ContainerId) => this.#do(id, () => terminals.open(id, 'attach'))
  /** Opens a shell; if the image has none, attaches to the container's main process. */
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

  async #do(id: ContainerId, action: () => Promise<Result<unknown>>): Promise<boolean> {
    this.working = new Set([...this.working, id])
    const answer = await action()
    this.working = new Set([...this.working].filter((other) => other !== id))
    const { [id]: _, ...others } = this.failures
    this.failures = answer.ok ? others : { ...others, [id]: answer.error }
    return answer.ok
  }
}

export const containers = new Containers()
