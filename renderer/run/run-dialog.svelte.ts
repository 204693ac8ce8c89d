/** State of the Run dialog: the options, their faults, the equivalent command, and the result. */
import { runCommand } from '../../model/run/command.ts'
import { validateRunOptions } from '../../model/run/faults.ts'
import { findFreeName } from '../../model/run/suggestion.ts'
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

/** The initial text of the host port in a new row: on loopback, the port cannot be reached from other computers. */
export const loopback = '127.0.0.1:'

export class RunDialogState {
  options = $state.raw<RunOptions>(defaultRunOptions('', ''))
  suggestion = $state.raw<RunSuggestion>()
  failure = $state.raw<Failure>()
  isStarting = $state(false)
  started = $state.raw<StartedRun>()
  /** The availability of ports, as last checked, by `portKey`. */
  #availability = $state.raw<Readonly<Record<string, PortState>>>({})
  #portCheckTimer: ReturnType<typeof setTimeout> | undefined
  /** Fields that the user has set; changing the image keeps them. */
  readonly #changedFields = new Set<keyof RunOptions>()

  readonly #containerNames = $derived(live.containers.map(({ name }) => name))
  readonly faults = $derived(
    this.suggestion && !this.started
      ? validateRunOptions(this.options, this.#containerNames).filter(
          ({ field, row }) => !isEmptyRow(this.options, field, row),
        )
      : [],
  )
  /** The options without empty rows. */
  readonly #optionsToRun: RunOptions = $derived(withoutEmptyRows(this.options))
  /** A container name that is similar to the typed name and not taken. */
  readonly freeName = $derived(findFreeName(this.options.name, new Set(this.#containerNames)))
  readonly command = $derived(runCommand(this.#optionsToRun, this.suggestion?.engineFlags))
  readonly canRun = $derived(this.suggestion !== undefined && this.faults.length === 0 && !this.isStarting)

  constructor(options: Pick<RunOptions, 'image' | 'reference'>) {
    void this.selectImage(options)
  }

  /** Changes the image. The new image's suggestions replace all fields except those that the user has set. */
  async selectImage({ image, reference }: Pick<RunOptions, 'image' | 'reference'>) {
    const previousOptions = this.options
    this.options = { ...previousOptions, image, reference }
    const answer = await slipway.call('run.suggest', { image, reference })
    if (this.options.reference !== reference) return
    this.failure = answer.ok ? undefined : answer.error
    if (!answer.ok) return
    const changedFields = Object.fromEntries([...this.#changedFields].map((key) => [key, this.options[key]]))
    this.suggestion = answer.value
    this.options = { ...answer.value.options, ...changedFields }
    void this.#checkPorts()
  }

  update(change: Partial<RunOptions>) {
    for (const key of Object.keys(change)) this.#changedFields.add(key as keyof RunOptions)
    this.options = { ...this.options, ...change }
    // If the image could not be inspected, its failure stays visible.
    if (this.suggestion) this.failure = undefined
    if (!change.ports) return
    clearTimeout(this.#portCheckTimer)
    this.#portCheckTimer = setTimeout(() => void this.#checkPorts(), debounceMs)
  }

  /** Undefined until the port has been checked. */
  availabilityOf = (port: PortOptions): PortState | undefined => this.#availability[portKey(port)]

  faultOf = (field: RunField, row?: number) =>
    this.faults.find((fault) => fault.field === field && (row === undefined || fault.row === row))

  /** Whether a field shows the failure. None does if the failure belongs to no field, or to a row that was removed. */
  get isFailureInField(): boolean {
    const { failure, options } = this
    if (!failure || !('field' in failure) || failure.field === undefined) return false
    if (failure.field !== 'ports' && failure.field !== 'volumes' && failure.field !== 'environment') return true
    return 'row' in failure ? failure.row < options[failure.field].length : false
  }

  /** The failure, if it belongs to this field and row. */
  refusalOf(field: RunField, row?: number) {
    const { failure } = this
    if (!failure || !('field' in failure) || failure.field !== field) return undefined
    return row === undefined || ('row' in failure && failure.row === row) ? failure : undefined
  }

  async run(): Promise<StartedRun | undefined> {
    if (!this.canRun) return undefined
    this.options = this.#optionsToRun
    this.isStarting = true
    const answer = await slipway.call('run.start', { options: this.options, size: terminals.size })
    this.isStarting = false
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.started = answer.value
    return this.started
  }

  async #checkPorts() {
    const { ports } = this.options
    const answer = await slipway.call('run.ports', [...ports])
    if (ports !== this.options.ports) return
    const states = answer.ok ? answer.value : []
    this.#availability = Object.fromEntries(states.map((state, index) => [portKey(ports[index]!), state]))
  }
}

const isEmptyPort = ({ host, container }: PortOptions) => container === '' && (host === '' || host === loopback)
const isEmptyVolume = ({ source, target }: VolumeOptions) => source === '' && target === ''
const isEmptyVariable = ({ name, value }: Variable) => name === '' && value === ''

function isEmptyRow({ ports, volumes, environment }: RunOptions, field: RunField, row = -1): boolean {
  const [port, volume, variable] = [ports[row], volumes[row], environment[row]]
  if (field === 'ports') return port !== undefined && isEmptyPort(port)
  if (field === 'volumes') return volume !== undefined && isEmptyVolume(volume)
  return field === 'environment' && variable !== undefined && isEmptyVariable(variable)
}

const withoutEmptyRows = (options: RunOptions): RunOptions => ({
  ...options,
  ports: options.ports.filter((port) => !isEmptyPort(port)),
  volumes: options.volumes.filter((volume) => !isEmptyVolume(volume)),
  environment: options.environment.filter((variable) => !isEmptyVariable(variable)),
})

const portKey = ({ host, container }: PortOptions) => `${host} ${container}`
