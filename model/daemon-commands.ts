/** A change of daemon.json by hand: what to type where Slipway cannot do it. */
import type { Installation } from './mirror-plan.ts'
import { quoted } from './shell.ts'

export interface FileByHand {
  readonly file: string
  /** Whether there is one to be kept beside it. */
  readonly exists: boolean
  readonly text: string
  readonly installation: Installation
}

/** For a shell, one after the other; the file is made if it is missing, and the old one kept beside it. */
export function commandsFor({ file, exists, text, installation }: FileByHand): readonly string[] {
  const sudo = installation === 'rootless' ? '' : 'sudo '
  const folder = file.slice(0, file.lastIndexOf('/'))
  const lines = text.replace(/\r?\n$/, '')
  return [
    exists ? `${sudo}cp -a ${quoted(file)} ${quoted(`${file}.before`)}` : `${sudo}mkdir -p ${quoted(folder)}`,
    `${sudo}tee ${quoted(file)} >/dev/null <<'EOF'\n${lines}\nEOF`,
    reload[installation] ?? reload.system,
  ]
}

const reload: Partial<Record<Installation, string>> & { readonly system: string } = {
  system: 'sudo systemctl reload docker',
  rootless: 'systemctl --user reload docker',
  snap: 'sudo snap restart docker',
}
