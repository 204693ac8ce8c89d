/** Examples of failures by code: at least one of each. A new code without an example does not compile. */
export type Examples<F extends { readonly code: string }> = {
  readonly [C in F['code']]: readonly [FailureOf<F, C>, ...FailureOf<F, C>[]]
}
type FailureOf<F, C> = F extends { readonly code: infer D } ? (C extends D ? F : never) : never
