/** The building blocks of the contract. */
import type { GenericSchema } from 'valibot'
import type { Failure } from './errors.ts'

/** The result of every call. Calls do not throw across IPC. */
export type Result<T, E extends Failure = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const fail = <E extends Failure>(error: E): { readonly ok: false; readonly error: E } => ({
  ok: false,
  error,
})

declare const markedType: unique symbol

/**
 * The type of a call's output or an event's payload, without a value at run time. The window trusts main, so
 * outputs and payloads are not validated.
 */
export interface TypeMarker<T> {
  readonly [markedType]?: T
}
export const type = <T>(): TypeMarker<T> => ({})

/** A call from the window to main. Main validates the input with the schema before it calls the handler. */
export interface Call<Input, Output> extends TypeMarker<Output> {
  readonly input: GenericSchema<unknown, Input>
}
export const call = <Input, Output>(
  input: GenericSchema<unknown, Input>,
  _output: TypeMarker<Output>,
): Call<Input, Output> => ({
  input,
})

export const event = type
