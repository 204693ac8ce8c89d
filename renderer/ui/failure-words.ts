/** An error as a person reads it: what is so, why or what next, and a command where there is one. */
export interface FailureWords {
  readonly title: string
  readonly hint: string
  readonly command?: string
}
