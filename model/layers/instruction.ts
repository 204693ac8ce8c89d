/** Parses a history entry into a Dockerfile instruction. */
export interface Instruction {
  /** In capitals, for example `COPY`; empty if it is unknown. */
  readonly verb: string
  readonly text: string
}

const verbs =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'
const instructionLine = new RegExp(`^(${verbs.split(' ').join('|')})(?:\\s+([^]*))?$`, 'i')
/** Instructions that never make a layer. WORKDIR is not one of them: it makes a layer if its folder does not exist. */
const settingVerbs = new Set(
  'ARG CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME'.split(' '),
)

/** `/bin/sh -c`, `/bin/bash -o pipefail -c`, and the two shells of Windows. */
const shell = /^(?:\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c|cmd \/S \/C|powershell(?:\.exe)?(?: -\S+)*? -Command)\s+/i
/** `|2 VERSION=1 NAME=a b /bin/sh -c make`: the values of build arguments, before the shell. */
const buildArguments = /^\|\d+ [^]*? (?=\/\S*sh(?: -\S+| pipefail)*? -[a-z]*c\s|cmd \/S \/C\s|powershell)/i

/**
 * The instruction as it was written in the Dockerfile. The classic builder wraps every instruction in a shell command
 * (`#(nop)` marks those that run nothing), BuildKit appends a comment, and both put build arguments before the command.
 */
export function instruction(createdBy: string): Instruction {
  const line = createdBy.replace(/\s*# buildkit\s*$/, '').trim()
  const unwrapped = line.replace(shell, '')
  if (unwrapped.startsWith('#(nop)'))
    return parseInstruction(unwrapped.slice('#(nop)'.length).trim()) ?? { verb: '', text: unwrapped }
  const parsed = parseInstruction(line)
  if (parsed && parsed.verb !== 'RUN') return parsed
  const command = (parsed?.text ?? line).replace(buildArguments, '').replace(shell, '')
  // Newer base images have only a comment: "# debian.sh --arch 'amd64' …".
  if (!parsed && (command === '' || command.startsWith('#'))) return { verb: '', text: command }
  return { verb: 'RUN', text: command }
}

function parseInstruction(line: string): Instruction | undefined {
  const [, verb, text = ''] = instructionLine.exec(line) ?? []
  return verb && (verb === verb.toUpperCase() || text === '')
    ? { verb: verb.toUpperCase(), text: text.trim() }
    : undefined
}

/** Whether the instruction sets configuration only and never makes a layer. */
export const isSetting = ({ verb }: Instruction): boolean => settingVerbs.has(verb)
