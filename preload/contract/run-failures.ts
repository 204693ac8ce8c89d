/** Failures of running an image and of actions on containers. */
import type { RunField, RunFault } from '../../model/run/run.ts'

/** Why an image could not be run, with the field of the dialog that caused it. */
export type RunFailure =
  /** The options are invalid by the rules that the dialog checks as well. */
  | { readonly code: 'run-fault'; readonly field: RunField; readonly fault: RunFault }
  /** The port is in use. `next`: the next free port, in the format that the user typed. */
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
  /** The program does not exist in the image or is not executable. `next`: another command to try, if any. */
  | { readonly code: 'command-missing'; readonly field: 'command'; readonly command: string; readonly next?: string }
  /** The image is for another processor. */
  | {
      readonly code: 'image-platform'
      readonly field: 'reference'
      readonly platform: string
      readonly engine: string
    }
  /** The program is for another processor, or a script without `#!`, although the image is for the engine's platform. */
  | { readonly code: 'program-format'; readonly field: 'reference' | 'command' }
  | { readonly code: 'mount-missing'; readonly field: 'volumes'; readonly row: number; readonly source: string }
  /** The engine may not use this folder of its computer. */
  | { readonly code: 'mount-denied'; readonly field: 'volumes'; readonly row: number; readonly source: string }
  /** The user did not allow the container to have this path. Nothing was created. */
  | { readonly code: 'mount-declined'; readonly field: 'volumes'; readonly row: number; readonly source: string }
  /** The firewall has dropped the rules that Docker made when it started. `restart`: the command that restarts Docker. */
  | { readonly code: 'firewall-rules-lost'; readonly restart?: string }
  | { readonly code: 'network-unknown'; readonly field: 'network'; readonly network: string }
  | { readonly code: 'user-unknown'; readonly field: 'user'; readonly user: string }
  /** The tag was moved to another image after the dialog was opened. */
  | { readonly code: 'reference-moved'; readonly field: 'reference'; readonly reference: string }
  /** The engine's own message, with its field if known. */
  | { readonly code: 'run-refused'; readonly field?: RunField; readonly detail: string }

/** Failures of actions on containers. */
export type ContainerFailure =
  | { readonly code: 'container-gone' }
  /** The container is running and has to be stopped first. */
  | { readonly code: 'container-running' }
  /** The removal would delete volumes that the user has not confirmed. */
  | { readonly code: 'container-changed' }
  | { readonly code: 'container-not-running' }
  /** The container has none of the known shells. */
  | { readonly code: 'shell-missing' }
  | { readonly code: 'terminal-gone' }
  /** No more terminals are opened until one is closed. */
  | { readonly code: 'terminals-too-many'; readonly limit: number }
