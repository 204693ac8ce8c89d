/** Reads the image out of a command for containers: `docker pull`, `sudo podman run …`, `nerdctl image pull`. */
import { platformName } from '../image/platform.ts'
import { splitShellWords } from '../text/shell.ts'

/** What a command asks for: an image, or words to search for. */
export type CommandTarget = { readonly image: string; readonly platform?: string } | { readonly words: string }

interface Arguments {
  readonly platform?: string
  readonly positional: readonly string[]
}

/** Words before the program: `sudo -E`, `time`, `DOCKER_HOST=…`. */
const prefix = /^(?:sudo|doas|env|time|nohup|wsl|lima|k3s|proxychains4?|-[A-Za-z]+|[A-Za-z_]+=.*)$/
const program = /^(?:.*[\\/])?(docker|podman|nerdctl|crictl|ctr)(?:\.exe)?$/i
/**
 * A prompt directly before the command: `$`, `root@host:~#`, `[root@host ~]#`, `ada@mac ~ %`, `(base) ada@host:~$`,
 * `PS C:\>`, `C:\Users\me>`.
 */
const prompt =
  /^(?:➜\s+\S+\s+|(?:\([\w.-]+\) )?(?:\[[^\]]*\]|PS(?: [^>]*)?|[A-Z]:\\[^>]*|\S*[@~:/\\]\S*(?: [~/][^\s$#>%]*| \([^)]*\)){0,2} ?)?[$#>%❯λ]\s*)(?=(?:sudo|doas|docker|podman|nerdctl|crictl|ctr)(?:\.exe)?\s)/i
/** `命令：docker pull …`: what the command is for, in Chinese. */
const label = /^[^ -~]{1,12}:\s*(?=(?:sudo\s+)?(?:docker|podman|nerdctl)\s)/i
/** What may follow the name: where the output goes, `2>&1`, or a remark in brackets. */
const afterName = /^(?:\d?>|\()/
const operators: ReadonlySet<string> = new Set(['&&', '||', ';', '|', '&'])

/** Groups that a verb may belong to: `docker image pull`, `ctr images pull`, `docker container run`. */
const groups: ReadonlySet<string> = new Set(['image', 'images', 'i', 'container', 'containers'])

/** The flags that take no value. Source: `--help` of docker 20.10, 26.1 and 28.5 and of podman 4.3; nerdctl's reference. */
const globalSwitches = switches(
  'D v r',
  'debug tls tlsverify remote syslog debug-full experimental insecure-registry version help',
)
const pullSwitches = switches(
  'a q',
  'all-tags quiet disable-content-trust tls-verify no-trunc all-platforms local skip-verify plain-http help',
)
const runSwitches = switches(
  'd i t P q',
  'detach interactive tty publish-all rm init privileged read-only no-healthcheck oom-kill-disable sig-proxy',
  'disable-content-trust quiet use-api-socket help replace rmi tls-verify http-proxy no-hosts no-hostname',
  'read-only-tmpfs env-host passwd unsetenv-all',
)

function switches(letters: string, ...names: readonly string[]): ReadonlySet<string> {
  return new Set([...letters.split(' '), ...names.flatMap((line) => line.split(' '))])
}

/**
 * @param text one line; the lines of a longer command may be joined by spaces
 * @returns undefined if the text is not a command that names exactly one image, or words to search for
 */
export function readCommand(text: string): CommandTarget | undefined {
  const line = text
    .replace(label, '')
    .replace(prompt, '')
    // Marks of a command that continues on the next line, in sh, cmd and PowerShell.
    .replace(/(^|\s)[\\^`](?=\s|$)/g, ' ')
    // What a shell would insert here is unknown. No image name has this character.
    .replace(/\$\([^()]*\)|`[^`]*`/g, '$')
  const words = splitShellWords(line) ?? []
  const comment = words.findIndex((word, index) => index > 0 && word.startsWith('#'))
  for (const command of splitAtOperators(comment < 0 ? words : words.slice(0, comment))) {
    const target = readSimpleCommand(command)
    if (target) return target
  }
  return undefined
}

function splitAtOperators(words: readonly string[]): string[][] {
  const commands: string[][] = [[]]
  for (const word of words) {
    if (operators.has(word)) commands.push([])
    else commands.at(-1)!.push(word)
  }
  return commands
}

function readSimpleCommand(words: readonly string[]): CommandTarget | undefined {
  const start = words.findIndex((word, index) => !prefix.test(word) && words[index - 1] !== '-u')
  const tool = program.exec(words[start] ?? '')?.[1]?.toLowerCase()
  if (tool === undefined) return undefined
  const [verb, ...rest] = readArguments(words.slice(start + 1), globalSwitches, true).positional.filter(
    (word, index) => index > 0 || !groups.has(word),
  )
  switch (verb) {
    case 'pull': {
      const { positional, platform } = readArguments(rest, pullSwitches, false)
      const [word = '', ...others] = positional
      // In a chat, a sentence may go on after the name: `nginx:1.27, then run it`.
      const [image = ''] = word.split(/[,;。、!?(]/)
      const isSentence = image !== word || afterName.test(others[0] ?? '')
      return image === '' || (others.length > 0 && !isSentence) ? undefined : { image, ...(platform && { platform }) }
    }
    case 'run':
    case 'create': {
      if (tool === 'crictl' || tool === 'ctr') return undefined
      const { positional, platform } = readArguments(rest, runSwitches, true)
      return positional[0] === undefined ? undefined : { image: positional[0], ...(platform && { platform }) }
    }
    case 'search': {
      const term = readArguments(rest, pullSwitches, false).positional.join(' ')
      return term === '' ? undefined : { words: term }
    }
    default:
      return undefined
  }
}

/**
 * Separates the flags with their values from the other arguments, as the CLIs do. A flag that is not in `noValue`
 * takes a value.
 * @param stopAtFirst whether flags end at the first other argument, as those of `docker run` do
 */
function readArguments(words: readonly string[], noValue: ReadonlySet<string>, stopAtFirst: boolean): Arguments {
  const values = new Map<string, string>()
  const positional: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = withAsciiDashes(words[index]!)
    if (!/^-./.test(word)) {
      if (stopAtFirst) return { ...platformOf(values), positional: words.slice(index) }
      positional.push(words[index]!)
    } else if (word.startsWith('--')) {
      const [name = '', ...value] = word.slice(2).split('=')
      if (value.length > 0) values.set(name, value.join('='))
      else if (!noValue.has(name)) values.set(name, words[++index] ?? '')
    } else {
      // `-dp 80:80` is `-d -p 80:80`; `-p80:80` is `-p 80:80`.
      const valueLetter = [...word.slice(1)].findIndex((letter) => !noValue.has(letter))
      if (valueLetter === word.length - 2) index++
    }
  }
  return { ...platformOf(values), positional }
}

/** Word processors turn `-d` into `–d`, and `--name` into `—name` or `–name`. */
const withAsciiDashes = (word: string): string =>
  word.replace(/^[–—]{1,2}(?=[ditP]{1,3}$|.$)/, '-').replace(/^[–—]{1,2}/, '--')

/** `--platform` of docker and nerdctl; `--arch` and `--os` of podman. */
function platformOf(values: ReadonlyMap<string, string>): { readonly platform?: string } {
  const platform = parsePlatform(
    values.get('platform') ?? [values.get('os'), values.get('arch')].filter(Boolean).join('/'),
  )
  return platform === undefined ? {} : { platform }
}

const architectures = /^(?:amd64|x86_64|arm64|aarch64|arm|386|ppc64le|s390x|riscv64)$/

/** @returns the platform in Docker's form; undefined for a variable such as `$BUILDPLATFORM`, or for none */
export function parsePlatform(text: string): string | undefined {
  if (architectures.test(text)) return platformName({ os: 'linux', architecture: text })
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9_.]+))?$/.exec(text) ?? []
  return os === undefined || architecture === undefined ? undefined : platformName({ os, architecture, variant })
}
