/** Parses a history entry into a Dockerfile instruction. */
export interface Instruction {
  /** In capitals, for example `COPY`; empty if it is unknown. */
  readonly verb: string
  readonly text: string
}

const verbs =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'
const instructionLine = new RegExp(`^(${verbs.split(' ').join('|')})(?:\\s+([^]*))?$`, 'i')
/** Instructions that hardly ever make a layer. WORKDIR is not among them, because it may create its folder in a layer. */
const settingVerbs = new Set(
  'ARG CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME'.split(' '),
)

/** `/bin/sh -c`, `/bin/bash -o pipefail -c`, and the two shells of Windows. */
const shell = /^(?:\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c|cmd \/S \/C|powershell(?:\.exe)?(?: -\S+)*? -Command)\s+/i
/** The values of build arguments before the shell command, such as `|2 VERSION=1 NAME=a b /bin/sh -c make`. */
const buildArguments = /^\|\d+ [^]*? (?=\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c\s|cmd \/S \/C\s|powershell)/i

/**
 * Restores the instruction as it was written in the Dockerfile. The classic builder wraps every instruction in a shell
 * command (`#(nop)` marks instructions that run no command), BuildKit appends a comment, and both insert build arguments
 * before the command.
 */
export function parseInstruction(createdBy: string): Instruction {
  const line = createdBy.replace(/\s*# buildkit\s*$/, '').trim()
  const unwrapped = line.replace(shell, '')
  if (unwrapped.startsWith('#(nop)'))
    return parseLine(unwrapped.slice('#(nop)'.length).trim()) ?? { verb: '', text: unwrapped }
  const parsed = parseLine(line)
  if (parsed && parsed.verb !== 'RUN') return parsed
  const command = (parsed?.text ?? line).replace(buildArguments, '').replace(shell, '')
  // The entry of a newer base image is only a comment: "# debian.sh --arch 'amd64' …".
  if (!parsed && (command === '' || command.startsWith('#'))) return { verb: '', text: command }
  return { verb: 'RUN', text: command }
}

/** @returns undefined if the line does not start with an instruction's name */
function parseLine(line: string): Instruction | undefined {
  const [, verb, text = ''] = instructionLine.exec(line) ?? []
  return verb && (verb === verb.toUpperCase() || text === '')
    ? { verb: verb.toUpperCase(), text: text.trim() }
    : undefined
}

/** Whether the instruction only sets configuration. Such an instruction hardly ever makes a layer. */
export const isSetting = ({ verb }: Instruction): boolean => settingVerbs.has(verb)
