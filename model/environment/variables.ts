/** The variables that Slipway takes over from the user's login shell, and which of them the launcher's environment lacks. */

/** They decide together which engine `docker` uses, so they are taken over together. */
const hostNames = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'] as const
const engineNames = [...hostNames, 'DOCKER_CONFIG'] as const
const proxyNames = [
  ...(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'] as const),
  ...(['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'] as const),
]
/** They may hold passwords. */
const secretNames = [...proxyNames, 'DOCKER_AUTH_CONFIG'] as const
const folderNames = ['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'] as const
export const variableNames = [...engineNames, ...secretNames, ...folderNames, 'PATH', 'SSH_AUTH_SOCK'] as const

export type VariableName = (typeof variableNames)[number]
/** Values by name. An empty value is a value: `DOCKER_HOST=` is set. */
export type Variables = Readonly<Partial<Record<VariableName, string>>>
export type Env = Readonly<Record<string, string | undefined>>

/**
 * @returns the values that the launcher's environment gets from the shell: of variables that it lacks, and a `PATH` to
 * which the shell's other folders are appended
 */
export function valuesToAdd(launcher: Env, shell: Variables): Variables {
  const lowerCaseNames = new Set(
    Object.keys(launcher)
      .filter((name) => launcher[name] !== undefined)
      .map((name) => name.toLowerCase()),
  )
  // `http_proxy` and `HTTP_PROXY` are one setting.
  const isLacking = (name: VariableName) => !lowerCaseNames.has(name.toLowerCase())
  const lacksHost = hostNames.every(isLacking)
  const path = mergePaths(launcher['PATH'], shell.PATH)
  return {
    ...pick(shell, (name) => name !== 'PATH' && isLacking(name) && (lacksHost || !isOneOf(hostNames, name))),
    ...(path !== undefined && path !== launcher['PATH'] && { PATH: path }),
  }
}

/** Relative folders of the shell's PATH depend on where a command is typed, so they are left out. */
function mergePaths(launcher: string | undefined, shell = ''): string | undefined {
  const folders = launcher?.split(':') ?? []
  const added = new Set(shell.split(':').filter((folder) => folder.startsWith('/') && !folders.includes(folder)))
  return added.size > 0 ? [...folders, ...added].join(':') : launcher
}

/** @returns the variables that may name another engine */
export const engineVariables = (variables: Variables): Variables =>
  pick(variables, (name) => isOneOf(engineNames, name))
export const otherVariables = (variables: Variables): Variables =>
  pick(variables, (name) => !isOneOf(engineNames, name))

/**
 * @returns the variables that are stored for the next start. Proxies and logins are not stored, because they may hold
 * passwords; SSH_AUTH_SOCK is not, because the next session has another socket.
 */
export const storable = (variables: Variables): Variables =>
  pick(
    variables,
    (name) =>
      !isOneOf(secretNames, name) &&
      name !== 'SSH_AUTH_SOCK' &&
      !(isOneOf(hostNames, name) && mayHoldPassword(variables.DOCKER_HOST)),
  )

const mayHoldPassword = (host = ''): boolean => host.includes('@') && !/^ssh:\/\/[^:@/]+@[^@]*$/.test(host)

function pick(variables: Variables, isWanted: (name: VariableName) => boolean): Variables {
  return Object.fromEntries(
    variableNames.flatMap((name) => {
      const value = variables[name]
      return value !== undefined && isWanted(name) ? [[name, value]] : []
    }),
  )
}

const isOneOf = (names: readonly VariableName[], name: VariableName): boolean => names.includes(name)
