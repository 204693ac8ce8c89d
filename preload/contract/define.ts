/** The building blocks of the contract. */
import type { GenericSchema } from 'valibot'
import type { Failure } from './errors.ts'

/** The result of every call. Calls do not throw across IPC. */
export type Result<T, Why extends Failure = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Why }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const fail = <Why extends Failure>(error: Why): { readonly ok: false; readonly error: Why } => ({
  ok: false,
  error,
})

declare const carried: unique symbol

/** A phantom type for what main sends. The window trusts main, so output and events are not validated. */
export interface Carries<T> {
  readonly [carried]?: T
}
export const type = <T>(): Carries<T> => ({})

/** A call from the window to main. Main validates the input with the schema before it calls the handler. */
export interface Call<Input, Output> extends Carries<Output> {
  readonly input: GenericSchema<unknown, Input>
}
export const call = <Input, Output>(
  input: GenericSchema<unknown, Input>,
  _output: Carries<Output>,
): Call<Input, Output> => ({
  input,
})

export const event = type
