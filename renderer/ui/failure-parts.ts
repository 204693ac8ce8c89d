/** Text of a failure: the fact, the reason or next step, and possibly a command. */
export interface FailureText {
  readonly title: string
  readonly hint: string
  readonly command?: string
}

/** Gives the user of a rootless engine the range of ids that Docker's own set-up gives. */
export const addIdsCommand = 'echo "$USER:100000:65536" | sudo tee -a /etc/subuid /etc/subgid'
