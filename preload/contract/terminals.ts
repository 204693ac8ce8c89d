/**
 * Terminals belong to main, so they survive a reload of the window. A terminal's output is one stream of bytes, and
 * each chunk has the offset of its first byte. A window requests `terminals.replay`, draws it, and then draws each
 * chunk of `terminals.data` that starts at the offset it has reached; chunks that start before are already drawn.
 * Chunks that arrive while the window waits for the replay are processed after it. The window acknowledges what it has
 * drawn with `terminals.acknowledge`. With 256 kB unacknowledged, main stops reading, which blocks the program in the
 * container.
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

/** An ended terminal that the window closes once the new one is open. It does not count towards the limit. */
const replaces = v.exactOptional(terminalId)

const terminalKinds = ['attach', 'shell', 'logs'] as const

export interface Terminal {
  readonly id: TerminalId
  readonly container: ContainerId
  /** The container's name. */
  readonly name: string
  /** The image reference that the container was created with. */
  readonly reference: Reference
  /** `attach`: the container's main process; `shell`: another process in it; `logs`: the container's output. */
  readonly kind: (typeof terminalKinds)[number]
  /** The command line, such as `/bin/bash`; empty for logs. */
  readonly command: string
  readonly readOnly: boolean
  readonly state: TerminalState
}

export type TerminalState =
  | { readonly status: 'open' }
  /** The program has exited. `exitCode` is absent if the engine no longer knows it. */
  | { readonly status: 'ended'; readonly reason: 'exit'; readonly exitCode?: number }
  /** The connection to the engine was lost. The program may still be running. */
  | { readonly status: 'ended'; readonly reason: 'engine-gone' }
  /** The stream ended while the program keeps running, such as when another client detaches it. */
  | { readonly status: 'ended'; readonly reason: 'cut' }

/** The most recent output, up to 512 kB, including every unacknowledged byte. `at`: the offset of the first byte. */
export interface OutputChunk {
  readonly at: number
  readonly bytes: Uint8Array
}

export interface TerminalData extends OutputChunk {
  readonly id: TerminalId
}

export const calls = {
  'terminals.list': call(v.undefined(), type<readonly Terminal[]>()),
  'terminals.open': call(
    v.object({
      container: containerId,
      kind: v.picklist(terminalKinds),
      size: terminalSize,
      replaces,
    }),
    type<TerminalId>(),
  ),
  /** Attaches a terminal to a container, then starts the container, so that no output is missed. */
  'terminals.start': call(v.object({ container: containerId, size: terminalSize, replaces }), type<TerminalId>()),
  /** The replayed bytes count as acknowledged. */
  'terminals.replay': call(terminalId, type<OutputChunk>()),
  /**
   * Answers once the text has been passed on, so that a window that waits for the answer never makes main keep much text.
   * Fails with `busy` if too much text waits for a program that does not read.
   */
  'terminals.write': call(v.object({ id: terminalId, text: v.pipe(v.string(), v.maxLength(1_000_000)) }), type<void>()),
  'terminals.resize': call(v.object({ id: terminalId, ...size }), type<void>()),
  /** Acknowledges all bytes before the offset `upTo`. */
  'terminals.acknowledge': call(
    v.object({
      id: terminalId,
      upTo: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER)),
    }),
    type<void>(),
  ),
  /** Closes a terminal. A shell is terminated; the container's main process keeps running. */
  'terminals.close': call(terminalId, type<void>()),
}
export const events = {
  'terminals.data': event<TerminalData>(),
  'terminals.changed': event<Terminal>(),
  'terminals.closed': event<TerminalId>(),
}
