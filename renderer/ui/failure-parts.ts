/** Text of a failure: the fact, the reason or next step, and possibly a command. */
export interface FailureText {
  readonly title: string
  readonly hint: string
  readonly command?: string
}
