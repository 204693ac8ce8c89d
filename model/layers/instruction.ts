/** An image's history in the words of a Dockerfile. */
export interface Instruction {
  /** In capitals, as `COPY`; empty where the history does not tell. */
  readonly verb: string
  readonly text: string
}

const verbs =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'
const instructionLine = new RegExp(`^(${verbs.split(' ').join('|')})(?:\\s+([^]*))?$`, 'i')
/** What makes no layer, whoever built it. WORKDIR makes one where its folder was not there. */
const settings = new Set(
  'ARG CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME'.split(' '),
)

/** `/bin/sh -c`, `/bin/bash -o pipefail -c`, and the two that Windows has. */
const shell = /^(?:\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c|cmd \/S \/C|powershell(?:\.exe)?(?: -\S+)*? -Command)\s+/i
/** `|2 VERSION=1 NAME=a b /bin/sh -c make`: the values of build arguments, before the shell. */
const buildArguments = /^\|\d+ [^]*? (?=\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c\s|cmd \/S \/C\s|powershell)/i

/**
 * One entry of a history as it stood in the Dockerfile. The classic builder wraps all in a shell (`#(nop)` marks what
 * was not run), BuildKit leaves a comment behind, and both put build arguments before what they ran.
 */
export function instruction(createdBy: string): Instruction {
  const line = createdBy.replace(/\s*# buildkit\s*$/, '').trim()
  const nop = line.replace(shell, '')
  if (nop.startsWith('#(nop)')) return spelled(nop.slice('#(nop)'.length).trim()) ?? { verb: '', text: nop }
  const said = spelled(line)
  if (said && said.verb !== 'RUN') return said
  const command = (said?.text ?? line).replace(buildArguments, '').replace(shell, '')
  // Newer base images leave a mere remark: "# debian.sh --arch 'amd64' …".
  if (!said && (command === '' || command.startsWith('#'))) return { verb: '', text: command }
  return { verb: 'RUN', text: command }
}

function spelled(line: string): Instruction | undefined {
  const [, verb, text = ''] = instructionLine.exec(line) ?? []
  return verb && (verb === verb.toUpperCase() || text === '')
    ? { verb: verb.toUpperCase(), text: text.trim() }
    : undefined
}

/** Whether it is a setting by its nature: counted apart from layers. */
export const isSetting = ({ verb }: Instruction): boolean => settings.has(verb)
