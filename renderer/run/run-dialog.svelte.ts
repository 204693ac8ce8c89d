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

/** Host prefix of a new port, which makes it unreachable from other computers. */
export const loopback = '127.0.0.1:'

export class RunDialogState {
  options = $state.raw<RunOptions>(defaultRunOptions('', ''))
  suggestion = $state.raw<RunSuggestion>()
  failure = $state.raw<Failure>()
  isStarting = $state(false)
  started = $state.raw<StartedRun>()
  /** Availability by port key, as last checked. */
  #portStates = $state.raw<Readonly<Record<string, PortState>>>({})
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Fields that the user has set; changing the image keeps them. */
  readonly #changedFields = new Set<keyof RunOptions>()

  readonly #names = $derived(live.containers.map(({ name }) => name))
  readonly faults = $derived(
    this.suggestion && !this.started
      ? validateRunOptions(this.options, this.#names).filter(({ field, row }) => !isEmpty(this.options, field, row))
      : [],
  )
  /** The options without empty rows. */
  readonly #cleaned: RunOptions = $derived(withoutEmptyRows(this.options))
  /** A similar container name that is not taken. */
  readonly freeName = $derived(findFreeName(this.options.name, new Set(this.#names)))
  readonly command = $derived(runCommand(this.#cleaned, this.suggestion?.engineFlags))
  readonly canRun = $derived(this.suggestion !== undefined && this.faults.length === 0 && !this.isStarting)

  constructor(options: Pick<RunOptions, 'image' | 'reference'>) {
    void this.selectImage(options)
  }

  /** Changes the image; its suggestions replace the fields that the user has not set. */
  async selectImage({ image, reference }: Pick<RunOptions, 'image' | 'reference'>) {
    const before = this.options
    this.options = { ...before, image, reference }
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
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#checkPorts(), debounceMs)
  }

  portState = (port: PortOptions): PortState | undefined => this.#portStates[portKey(port)]

  faultOf = (field: RunField, row?: number) =>
    this.faults.find((fault) => fault.field === field && (row === undefined || fault.row === row))

  /** Whether a field of the dialog shows the failure. The failure's row may not exist any more. */
  get isShownInField(): boolean {
    const { failure, options } = this
    if (!failure || !('field' in failure) || failure.field === undefined) return false
    if (failure.field !== 'ports' && failure.field !== 'volumes' && failure.field !== 'environment') return true
    return 'row' in failure ? failure.row < options[failure.field].length : false
  }

  /** The engine's failure, if it belongs to this field and row. */
  refusalOf(field: RunField, row?: number) {
    const { failure } = this
    if (!failure || !('field' in failure) || failure.field !== field) return undefined
    return row === undefined || ('row' in failure && failure.row === row) ? failure : undefined
  }

  async run(): Promise<StartedRun | undefined> {
    if (!this.canRun) return undefined
    this.options = this.#cleaned
    this.isStarting = true
    const answer = await slipway.call('run.start', { options: this.options, size: terminals.size })
    this.isStarting = false
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.started = answer.value
    return this.started
  }

  async #checkPorts() {
    const { ports } = this.options
    const states = await Promise.all(ports.map((port) => slipway.call('run.port', port)))
    if (ports !== this.options.ports) return
    this.#portStates = Object.fromEntries(
      states.flatMap((state, index) => (state.ok ? [[portKey(ports[index]!), state.value]] : [])),
    )
  }
}

const isEmptyPort = ({ host, container }: PortOptions) => container === '' && (host === '' || host === loopback)
const isEmptyVolume = ({ source, target }: VolumeOptions) => source === '' && target === ''
const isEmptyVariable = ({ name, value }: Variable) => name === '' && value === ''

function isEmpty({ ports, volumes, environment }: RunOptions, field: RunField, row = -1): boolean {
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
