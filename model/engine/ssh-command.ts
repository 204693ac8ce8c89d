/** The ssh command that connects to an engine on another computer. Source: docker/cli cli/connhelper/connhelper.go. */
import { shellQuote } from '../text/shell.ts'
import type { SshEndpoint } from './endpoint.ts'

/**
 * With these options, ssh detects within 30 s that a connection is dead, even if nothing is sent. -T: a terminal, which
 * the user's ssh settings may request, would change the bytes.
 */
const options = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=10', 'ServerAliveCountMax=3']
  .flatMap((option) => ['-o', option])
  .concat('-T')

/** @returns the arguments of `ssh`. Its stdin and stdout then lead to the engine's socket. */
export function sshArguments({ user, host, port, socket }: SshEndpoint): readonly string[] {
  const portOption = port === undefined ? [] : ['-p', String(port)]
  const target = user === undefined ? host : `${user}@${host}`
  // ssh hands the command as one text to the shell of the other computer, which splits it into words.
  const hostOption = socket === undefined ? [] : [shellQuote(`--host=unix://${socket}`)]
  return [...options, ...portOption, '--', target, 'docker', ...hostOption, 'system', 'dial-stdio']
}
