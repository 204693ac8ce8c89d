/**
 * Terminals live on main, so that they outlive a window that reloads. A terminal's output is one stream of bytes, and
 * each piece says at which byte it begins: a window asks for `terminals.replay`, draws it, then draws each piece of
 * `terminals.data` that begins where it has come to; what begins before is drawn already (pieces that come while it
 * waits for the replay are looked at after it). What it has drawn it tells with `terminals.took`: beyond 256 kB that
 * were not taken the engine waits, and with it the program in the container.
 */
import * as v from 'valibot'
import type { ContainerId, Reference } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import { containerId } from './ids.ts'

export type TerminalId = string
const terminalId = v.pipe(v.string(), v.maxLength(64))

const cells = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))
const size = { columns: cells, rows: cells }
export const terminalSize = v.object(size)

const terminalKinds = ['attach', 'shell', 'logs'] as const

export interface Terminal {
  readonly id: TerminalId
  readonly container: ContainerId
  /** The container's. */
  readonly name: string
  /** The image, as the user knew it when the terminal was opened. */
  readonly reference: Reference
  /** The container's own program, another shell in it, or what it says. */
  readonly kind: (typeof terminalKinds)[number]
  /** The program in it: `/bin/bash`; empty for logs. */
  readonly command: string
  readonly readOnly: boolean
  readonly state: TerminalState
}

export type TerminalState =
  | { readonly is: 'open' }
  /** The program has ended; `exitCode` where the engine still knew it. */
  | { readonly is: 'ended'; readonly reason: 'exit'; readonly exitCode?: number }
  /** The program may live on: the engine went away, or the user went to another one. */
  | { readonly is: 'ended'; readonly reason: 'engine-gone' }
  /** Detached from elsewhere. */
  | { readonly is: 'ended'; readonly reason: 'cut' }

/** What was put out so far, as far as it is kept: the last 512 kB, and never less than the window has not taken. */
export interface TerminalReplay {
  readonly at: number
  readonly bytes: Uint8Array
}

export interface TerminalData extends TerminalReplay {
  readonly id: TerminalId
}

export const calls = {
  'terminals.list': call(v.undefined(), type<readonly Terminal[]>()),
  'terminals.open': call(
    v.object({
      container: containerId,
      kind: v.picklist(terminalKinds),
      size: terminalSize,
    }),
    type<TerminalId>(),
  ),
  /** Starts a container in a terminal of its own program: nothing that it says is missed. */
  'terminals.start': call(v.object({ container: containerId, size: terminalSize }), type<TerminalId>()),
  /** Counts as taken by the window. */
  'terminals.replay': call(terminalId, type<TerminalReplay>()),
  'terminals.write': call(v.object({ id: terminalId, text: v.pipe(v.string(), v.maxLength(1_000_000)) }), type<void>()),
  'terminals.resize': call(v.object({ id: terminalId, ...size }), type<void>()),
  /** All bytes before `upTo`. */
  'terminals.took': call(
    v.object({ id: terminalId, upTo: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
    type<void>(),
  ),
  /** Hangs up a shell; a container's own program goes on. */
  'terminals.close': call(terminalId, type<void>()),
}
export const events = {
  'terminals.data': event<TerminalData>(),
  'terminals.changed': event<Terminal>(),
  'terminals.closed': event<TerminalId>(),
}
