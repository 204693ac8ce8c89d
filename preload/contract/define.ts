/** The pieces that the contract is written with. */
import type { GenericSchema } from 'valibot'
import type { Failure } from './errors.ts'

/** What every call answers. Nothing is thrown across. */
export type Result<T, Why extends Failure = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Why }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const fail = <Why extends Failure>(error: Why): { readonly ok: false; readonly error: Why } => ({
  ok: false,
  error,
})

declare const carried: unique symbol

/** A type without a value: main is trusted to answer and to tell what it declares, so nothing is parsed on that way. */
export interface Carries<T> {
  readonly [carried]?: T
}
export const type = <T>(): Carries<T> => ({})

/** A call from the window to main: `input` is parsed on main before anything is done with it. */
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
