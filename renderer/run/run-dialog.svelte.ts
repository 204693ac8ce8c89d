/** State of the Run dialog: the options, their faults, the equivalent command, and the result. */
import { runCommand } from '../../model/run/command.ts'
import { runFaults } from '../../model/run/faults.ts'
import { freeName } from '../../model/run/suggestion.ts'
import {
  defaultRunOptions,
  type PortOptions,
  type RunField,
  type RunOptions,
  type Variable,
  type VolumeOptions,
} from '../../model/run/run.ts'
import type { Failure, PortState, RunSuggestion, StartedRun } from '../../preload/contract/index.ts'
import { live } from '../engine/live.svelte.ts'
import { terminals } from '../terminals/terminals.svelte.ts'

/** Delay before a port's availability is checked, while the user types. */
const debounceMs = 150

/** Host prefix of a new port, which makes it unreachable from other computers. */
export const loopback = '127.0.0.1:'

export class RunDialogState {
  wish = $state.raw<RunOptions>(defaultRunOptions('', ''))
  about = $state.raw<RunSuggestion>()
  failure = $state.raw<Failure>()
  working = $state(false)
  started = $state.raw<StartedRun>()
  /** Availability by port key, as last checked. */
  #ports = $state.raw<Readonly<Record<string, PortState>>>({})
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Fields that the user has set; changing the image keeps them. */
  readonly #touched = new Set<keyof RunOptions>()

  readonly #names = $derived(live.containers.map(({ name }) => name))
  readonly faults = $derived(
    this.about && !this.started
      ? runFaults(this.wish, this.#names).filter(({ field, row }) => !isEmpty(this.wish, field, row))
      : [],
  )
  /** The options without empty rows. */
  readonly #cleaned: RunOptions = $derived(withoutEmpty(this.wish))
  /** A similar container name that is not taken. */
  readonly freeName = $derived(freeName(this.wish.name, new Set(this.#names)))
  readonly command = $derived(runCommand(this.#cleaned, this.about?.reach))
  readonly ready = $derived(this.about !== undefined && this.faults.length === 0 && !this.working)

  constructor(wish: Pick<RunOptions, 'image' | 'reference'>) {
    void this.take(wish)
  }

  /** Changes the image; its suggestions replace the fields that the user has not set. */
  async take({ image, reference }: Pick<RunOptions, 'image' | 'reference'>) {
    const before = this.wish
    this.wish = { ...before, image, reference }
    const answer = await slipway.call('run.suggest', { image, reference })
    if (this.wish.reference !== reference) return
    this.failure = answer.ok ? undefined : answer.error
    if (!answer.ok) return
    const touched = Object.fromEntries([...this.#touched].map((key) => [key, this.wish[key]]))
    this.about = answer.value
    this.wish = { ...answer.value.wish, ...touched }
    void this.#checkPorts()
  }

  set(change: Partial<RunOptions>) {
    for (const key of Object.keys(change)) this.#touched.add(key as keyof RunOptions)
    this.wish = { ...this.wish, ...change }
    // If the image could not be inspected, its failure stays visible.
    if (this.about) this.failure = undefined
    if (!change.ports) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#checkPorts(), debounceMs)
  }

  portState = (port: PortOptions): PortState | undefined => this.#ports[keyOf(port)]

  faultOf = (field: RunField, row?: number) =>
    this.faults.find((fault) => fault.field === field && (row === undefined || fault.row === row))

  /** Whether the dialog shows the field of the failure; its row may not exist. */
  get hasField(): boolean {
    const { failure, wish } = this
    if (!failure || !('field' in failure) || failure.field === undefined) return false
    if (failure.field !== 'ports' && failure.field !== 'volumes' && failure.field !== 'environment') return true
    return 'row' in failure ? failure.row < wish[failure.field].length : false
  }

  /** The engine's failure, if it belongs to this field and row. */
  refusalOf(field: RunField, row?: number) {
    const { failure } = this
    if (!failure || !('field' in failure) || failure.field !== field) return undefined
    return row === undefined || ('row' in failure && failure.row === row) ? failure : undefined
  }

  async run(): Promise<StartedRun | undefined> {
    if (!this.ready) return undefined
    this.wish = this.#cleaned
    this.working = true
    const answer = await slipway.call('run.start', { wish: this.wish, size: terminals.size })
    this.working = false
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.started = answer.value
    return this.started
  }

  async #checkPorts() {
    const checked = this.wish.ports
    const states = await Promise.all(checked.map((port) => slipway.call('run.port', port)))
    if (checked !== this.wish.ports) return
    this.#ports = Object.fromEntries(
      states.flatMap((state, at) => (state.ok ? [[keyOf(checked[at]!), state.value]] : [])),
    )
  }
}

const emptyPort = ({ host, container }: PortOptions) => container === '' && (host === '' || host === loopback)
const emptyVolume = ({ source, target }: VolumeOptions) => source === '' && target === ''
const emptyVariable = ({ name, value }: Variable) => name === '' && value === ''

function isEmpty({ ports, volumes, environment }: RunOptions, field: RunField, row = -1): boolean {
  const [port, volume, variable] = [ports[row], volumes[row], environment[row]]
  if (field === 'ports') return port !== undefined && emptyPort(port)
  if (field === 'volumes') return volume !== undefined && emptyVolume(volume)
  return field === 'environment' && variable !== undefined && emptyVariable(variable)
}

const withoutEmpty = (wish: RunOptions): RunOptions => ({
  ...wish,
  ports: wish.ports.filter((port) => !emptyPort(port)),
  volumes: wish.volumes.filter((volume) => !emptyVolume(volume)),
  environment: wish.environment.filter((variable) => !emptyVariable(variable)),
})

const keyOf = ({ host, container }: PortOptions) => `${host} ${container}`
