/** Container actions (start, stop, shell, logs, …) and their last failures. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result } from '../../preload/contract/index.ts'
import { terminals } from '../terminals/terminals.svelte.ts'

class Containers {
  /** Failure of the last action, by container. */
  failures = $state.raw<Readonly<Record<ContainerId, Failure>>>({})
  /** Containers with an action in progress. */
  busy = $state.raw<ReadonlySet<ContainerId>>(new Set())

  start = (id: ContainerId) => this.#run(id, () => slipway.call('containers.start', id))
  stop = (id: ContainerId) => this.#run(id, () => slipway.call('containers.stop', id))
  attach = (id: ContainerId) => this.#run(id, () => terminals.open(id, 'attach'))
  /** Opens a shell; if the container has no shell, attaches to its main process. */
  openShell = (id: ContainerId) =>
    this.#run(id, async () => {
      const opened = await terminals.open(id, 'shell')
      return !opened.ok && opened.error.code === 'shell-missing' ? terminals.open(id, 'attach') : opened
    })
  openLogs = (id: ContainerId) => this.#run(id, () => terminals.open(id, 'logs'))
  openPage = (container: ContainerId, url: string) =>
    this.#run(container, () => slipway.call('containers.openPage', { container, url }))
  remove = (container: ContainerId, volumes: readonly string[]) =>
    this.#run(container, () => slipway.call('containers.remove', { container, volumes: [...volumes] }))

  /** @returns whether the action succeeded */
  async #run(id: ContainerId, action: () => Promise<Result<unknown>>): Promise<boolean> {
    this.busy = new Set([...this.busy, id])
    const answer = await action()
    this.busy = new Set([...this.busy].filter((other) => other !== id))
    const { [id]: _, ...others } = this.failures
    this.failures = answer.ok ? others : { ...others, [id]: answer.error }
    return answer.ok
  }
}

export const containers = new Containers()
