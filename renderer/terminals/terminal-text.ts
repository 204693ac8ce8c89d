/** Texts for a terminal: its title, what closing it does, how it ended. */
import { plain } from '../../model/text/plain.ts'
import type { Terminal } from '../../preload/contract/index.ts'
import { joinSentences, t } from '../ui/i18n.svelte.ts'

/** The title of a terminal, such as `box · sh`. The second terminal in `all` with the same title gets `box · sh 2`. */
export function titleOf(terminal: Terminal, all: readonly Terminal[]): string {
  const base = baseTitleOf(terminal)
  const sameTitle = all.filter((other) => baseTitleOf(other) === base)
  const index = sameTitle.findIndex(({ id }) => id === terminal.id)
  return index > 0 ? `${base} ${index + 1}` : base
}

function baseTitleOf({ name, kind, command }: Terminal): string {
  const program = kind === 'logs' ? t('terminal.logs') : programOf(command)
  return program ? `${plain(name)} · ${program}` : plain(name)
}

/** Program name of a command line: `bash` for `/bin/bash -l`. */
export function programOf(command: string): string {
  const [, quoted, bare = ''] = /^(?:'([^']*)'|(\S+))/.exec(command) ?? []
  return plain((quoted ?? bare).split('/').findLast(Boolean) ?? '')
}

export function closingText({ kind }: Terminal): string {
  if (kind === 'shell') return t('terminal.closing.shell')
  return kind === 'logs' ? t('terminal.closing.logs') : t('terminal.closing.attach')
}

export function endedText({ kind, state }: Terminal): string {
  if (state.status === 'open') return ''
  if (state.reason === 'engine-gone') return t('terminal.ended.engineGone')
  if (state.reason === 'cut') return t('terminal.ended.cut')
  if (state.exitCode === undefined) return t('terminal.ended')
  const ended = t('terminal.ended.code', { code: String(state.exitCode) })
  // A shell exits with the code of its last command, so the code does not describe the shell itself.
  return kind === 'shell' ? ended : joinSentences(ended, exitCodeText(state.exitCode))
}

/** Container runtimes and most shells report 128 + n for a program that signal n ended. */
function exitCodeText(code: number): string {
  if (code === 130) return t('terminal.ended.130')
  if (code === 137) return t('terminal.ended.137')
  if (code === 139) return t('terminal.ended.139')
  if (code === 143) return t('terminal.ended.143')
  return ''
}
