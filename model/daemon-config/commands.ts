/** A change of daemon.json by hand: what to type where Slipway cannot do it. */
import type { Installation } from './plan.ts'
import { quoted } from '../text/shell.ts'

export interface FileByHand {
  /** Where its bytes are: what a link leads to. */
  readonly file: string
  /** The sha256 of the text that stands there; undefined where there is no file. */
  readonly oldHash: string | undefined
  readonly text: string
  readonly installation: Installation
  /** Where dockerd says which process it is, for a computer on which no service manager tells it to reload. */
  readonly pidFile?: string | undefined
}

/**
 * For a POSIX shell. Each command needs the one before it: on a full disk, the file stays as it was. The first one ends
 * it where the file is not the one that the plan was made for, so that a second run cannot take the new text for the old.
 * The new text is written beside it, with the old one's owner and mode, and then takes its place; the old one is kept.
 */
export function commandsFor({ file, oldHash, text, installation, pidFile }: FileByHand): string {
  const sudo = installation === 'rootless' ? '' : 'sudo '
  const [place, fresh] = [quoted(file), quoted(`${file}.slipway-new`)]
  const before = oldHash === undefined ? undefined : quoted(`${file}.before-${oldHash.slice(0, 12)}`)
  const ready = before
    ? [
        `echo ${quoted(`${oldHash}  ${file}`)} | ${sudo}sha256sum -c - &&`,
        `${sudo}cp -p ${place} ${before} &&`,
        `${sudo}cp -p ${place} ${fresh} &&`,
      ]
    : [
        `${sudo}test ! -e ${place} && ${sudo}test ! -L ${place} &&`,
        `${sudo}mkdir -p ${quoted(file.slice(0, file.lastIndexOf('/')))} &&`,
      ]
  return [
    ...ready,
    `${sudo}tee ${fresh} >/dev/null <<'EOF' &&`,
    text.replace(/\r?\n$/, ''),
    'EOF',
    `${sudo}mv ${fresh} ${place} &&`,
    pidFile === undefined ? (reloads[installation] ?? reloads.system) : `${sudo}kill -HUP "$(cat ${quoted(pidFile)})"`,
  ].join('\n')
}

const reloads: Partial<Record<Installation, string>> & { readonly system: string } = {
  system: 'sudo systemctl reload docker',
  rootless: 'systemctl --user reload docker',
  snap: 'sudo snap restart docker',
}
