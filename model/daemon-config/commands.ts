/** Shell commands for changing daemon.json by hand, where Slipway cannot change it. */
import type { Installation } from './plan.ts'
import { shellQuote } from '../text/shell.ts'

export interface ManualChange {
  /** The file's path with symbolic links resolved. */
  readonly file: string
  /** SHA-256 of the current file; undefined if there is none. */
  readonly oldHash: string | undefined
  readonly text: string
  readonly installation: Installation
  /** Where dockerd writes its process id; set if no service manager can reload dockerd. */
  readonly pidFile?: string | undefined
  /** Docker is down, so it is started instead of reloaded. */
  readonly starts?: boolean
}

/**
 * @returns commands for a POSIX shell, chained with `&&` so that the file stays unchanged if one fails, as on a full
 * disk. The first command checks that the file has not changed since the plan was made, so a second run fails. The new
 * text goes to a temporary file with the same owner and mode, which then replaces the original; a backup is kept.
 */
export function manualCommandsFor({ file, oldHash, text, installation, pidFile, starts }: ManualChange): string {
  const sudo = installation === 'rootless' ? '' : 'sudo '
  const [target, temporary] = [shellQuote(file), shellQuote(`${file}.slipway-new`)]
  const backup = oldHash === undefined ? undefined : shellQuote(`${file}.before-${oldHash.slice(0, 12)}`)
  const prepare = backup
    ? [
        `echo ${shellQuote(`${oldHash}  ${file}`)} | ${sudo}sha256sum -c - &&`,
        `${sudo}cp -p ${target} ${backup} &&`,
        `${sudo}cp -p ${target} ${temporary} &&`,
      ]
    : [
        `${sudo}test ! -e ${target} && ${sudo}test ! -L ${target} &&`,
        `${sudo}mkdir -p ${shellQuote(file.slice(0, file.lastIndexOf('/')))} &&`,
      ]
  return [
    ...prepare,
    `${sudo}tee ${temporary} >/dev/null <<'EOF' &&`,
    text.replace(/\r?\n$/, ''),
    'EOF',
    `${sudo}mv ${temporary} ${target} &&`,
    starts ? startCommandOf(installation) : reloadCommandOf(installation, pidFile),
  ].join('\n')
}

/** @returns commands that move the file away and start Docker, which then uses its defaults */
export function commandsWithoutFile({
  file,
  oldHash,
  installation,
}: Pick<ManualChange, 'file' | 'installation'> & { readonly oldHash: string }): string {
  const sudo = installation === 'rootless' ? '' : 'sudo '
  const backup = `${file}.before-${oldHash.slice(0, 12)}`
  return `${sudo}mv ${shellQuote(file)} ${shellQuote(backup)} &&\n${startCommandOf(installation)}`
}

/** The command that starts Docker. */
export const startCommandOf = (installation: Installation): string =>
  startCommands[installation] ?? startCommands.system

const startCommands: Partial<Record<Installation, string>> & { readonly system: string } = {
  system: 'sudo systemctl start docker',
  snap: 'sudo snap start docker',
  rootless: 'systemctl --user start docker',
}

const reloadCommandOf = (installation: Installation, pidFile: string | undefined) =>
  pidFile === undefined
    ? (reloadCommands[installation] ?? reloadCommands.system)
    : `${installation === 'rootless' ? '' : 'sudo '}kill -HUP "$(cat ${shellQuote(pidFile)})"`

const reloadCommands: Partial<Record<Installation, string>> & { readonly system: string } = {
  system: 'sudo systemctl reload docker',
  rootless: 'systemctl --user reload docker',
  snap: 'sudo snap restart docker',
}
