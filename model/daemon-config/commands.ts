/** Shell commands for changing daemon.json by hand, where Slipway cannot change it. */
import type { Installation } from './plan.ts'
import { escapeHidden } from '../text/plain.ts'
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
  /** The command that starts Docker, if Docker is down and cannot be reloaded. */
  readonly start?: string | undefined
}

/**
 * @returns commands for a POSIX shell, chained with `&&` so that the file stays unchanged if one fails, as on a full
 * disk. The first command checks that the file has not changed since the plan was made, so a second run fails. The new
 * text goes to a temporary file with the same owner and mode, which then replaces the original; a backup is kept.
 */
export function manualCommandsFor({ pidFile, start, ...change }: ManualChange): string {
  return [...replaceFileCommands(change), start ?? reloadCommandOf(change.installation, pidFile)].join('\n')
}

/**
 * @returns commands that replace the whole file by a backup of the helper's, and then start Docker or have it reload the
 * file. They check and keep the current file as those of `manualCommandsFor` do.
 */
export function restoreCommandsFor({
  backup,
  pidFile,
  start,
  ...change
}: Omit<ManualChange, 'text' | 'oldHash'> & { readonly oldHash: string; readonly backup: string }): string {
  const write = (temporary: string) => [`${sudoFor(change.installation)}cp ${shellQuote(backup)} ${temporary} &&`]
  return [...replaceCommands(change, write), start ?? reloadCommandOf(change.installation, pidFile)].join('\n')
}

/** The commands that replace the file. The last one ends with `&&`, for the command that applies it. */
export function replaceFileCommands({ text, ...change }: ManualChange): readonly string[] {
  return replaceCommands(change, (temporary) => [
    `${sudoFor(change.installation)}tee ${temporary} >/dev/null <<'EOF' &&`,
    visibleJson(text).replace(/\n$/, ''),
    'EOF',
  ])
}

/** @param write the commands that write the new text to the temporary file, which then replaces the file */
function replaceCommands(
  { file, oldHash, installation }: Omit<ManualChange, 'text'>,
  write: (temporary: string) => readonly string[],
): readonly string[] {
  const sudo = sudoFor(installation)
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
  return [...prepare, ...write(temporary), `${sudo}mv ${temporary} ${target} &&`]
}

/** @returns commands that move the file away and start Docker, which then uses its defaults */
export function commandsWithoutFile({
  file,
  oldHash,
  installation,
  start,
}: Pick<ManualChange, 'file' | 'installation'> & { readonly oldHash: string; readonly start: string }): string {
  const backup = `${file}.before-${oldHash.slice(0, 12)}`
  return `${sudoFor(installation)}mv ${shellQuote(file)} ${shellQuote(backup)} &&\n${start}`
}

/**
 * The same JSON without characters that are not seen, or that a terminal takes for keys: hidden characters of strings are
 * escaped, and lines end without a carriage return.
 */
const visibleJson = (text: string) =>
  escapeHidden(text.replaceAll('\r\n', '\n'), (character) =>
    // Outside a string, a lone carriage return is white space; inside one, it may not stand.
    character === '\r'
      ? '\n'
      : character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )

const sudoFor = (installation: Installation) => (installation === 'rootless' ? '' : 'sudo ')

const reloadCommandOf = (installation: Installation, pidFile: string | undefined) =>
  pidFile === undefined
    ? (reloadCommands[installation] ?? reloadCommands.system)
    : `${sudoFor(installation)}kill -HUP "$(cat ${shellQuote(pidFile)})"`

const reloadCommands: Partial<Record<Installation, string>> & { readonly system: string } = {
  system: 'sudo systemctl reload docker',
  rootless: 'systemctl --user reload docker',
  snap: 'sudo snap restart docker',
}
