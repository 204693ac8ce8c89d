/** How a login shell is asked for its environment. */

/** @returns the shell's arguments that run this command, which every listed shell understands */
type Arguments = (command: string) => readonly string[]

/**
 * Interactive first, because many users set variables in `.bashrc` or `.zshrc`. A login shell that is not interactive
 * still reads `.profile` if the interactive one becomes another program (`exec fish` or `exec tmux` in `.bashrc`).
 *
 * Other programs are not started: nologin, false and git-shell run no commands, rbash has no `exec`, tmux is no shell
 * though Debian lists it in /etc/shells, and nushell, elvish, xonsh and PowerShell have other syntax and options.
 *
 * @param path the shell's path
 * @returns the ways to run a command in the shell, best first; none if Slipway does not start this program
 */
export function waysToRun(path: string): readonly Arguments[] {
  // Also `zsh-5.9`, `ksh93` and `bash5`.
  const name = /(?:^|\/)([a-z]+)[-0-9.]*$/.exec(path)?.[1]
  switch (name) {
    case 'bash':
      return [
        // As a login shell, bash reads .bashrc only if .profile does so. Terminals start it without -l.
        (command) => ['-l', '-i', '-c', 'exec "$0" -i -c "$1"', path, command],
        (command) => ['-l', '-c', command],
      ]
    case 'sh':
    case 'dash':
    case 'ash':
    case 'ksh':
    case 'mksh':
    case 'zsh':
    case 'fish':
      return [(command) => ['-l', '-i', '-c', command], (command) => ['-l', '-c', command]]
    case 'csh':
    case 'tcsh':
      // csh takes -l only as its sole option, so .login is not read; .cshrc and .tcshrc are.
      return [(command) => ['-i', '-c', command], (command) => ['-c', command]]
    default:
      return []
  }
}
