/** What can go wrong with running an image, and with its containers. */
import type { RunField, RunFault } from '../../model/run/run.ts'

/** Why an image does not run, or not as it should; with the field of the dialog that it belongs to. */
export type RunFailure =
  /** The dialog knew better: the same rules, asked again. */
  | { readonly code: 'run-fault'; readonly field: RunField; readonly fault: RunFault }
  /** Something else has the port; `next` is the next free one, written as the user wrote it. */
  | {
      readonly code: 'port-taken'
      readonly field: 'ports'
      readonly row: number
      readonly port: string
      readonly next?: string
    }
  | {
      readonly code: 'container-name-taken'
      readonly field: 'name'
      readonly name: string
      readonly suggestion: string
    }
  /** No such program in the image, or none that may be run; `next` is a command to try, where there is one left. */
  | { readonly code: 'command-missing'; readonly field: 'command'; readonly command: string; readonly next?: string }
  /** Made for another processor; or what it should run is no program at all. */
  | {
      readonly code: 'image-platform'
      readonly field: 'reference'
      readonly platform: string
      readonly engine: string
    }
  | { readonly code: 'mount-missing'; readonly field: 'volumes'; readonly row: number; readonly source: string }
  | { readonly code: 'network-unknown'; readonly field: 'network'; readonly network: string }
  | { readonly code: 'user-unknown'; readonly field: 'user'; readonly user: string }
  /** The name was given to another image since the dialog was opened. */
  | { readonly code: 'reference-moved'; readonly field: 'reference'; readonly reference: string }
  /** What the engine says in its own words; with its field where that is known. */
  | { readonly code: 'run-refused'; readonly field?: RunField; readonly detail: string }

/** Why something is not done with a container. */
export type ContainerFailure =
  | { readonly code: 'container-gone' }
  /** It runs: to be stopped first. */
  | { readonly code: 'container-running' }
  /** More would be lost than the user was told. */
  | { readonly code: 'container-moved' }
  | { readonly code: 'container-not-running' }
  /** It has none of the shells that Slipway knows. */
  | { readonly code: 'shell-missing' }
  | { readonly code: 'terminal-gone' }
