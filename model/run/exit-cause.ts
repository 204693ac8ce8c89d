/** Why a container ended at once, as far as its exit code and its output tell. */

/**
 * Whether the kernel did not understand the container's program: it is for another processor, or a script without `#!`.
 * @see runc, libcontainer/standard_init_linux.go: exit code 255, before 1.1 exit code 1; crun (Podman), also as JSON
 * @param lines the last lines of the output
 */
export const isForeignProgram = (exitCode: number, lines: string): boolean =>
  (exitCode === 255 || exitCode === 1) &&
  /^(?:(?:exec .+|standard_init_linux\.go:\d+: exec user process caused): exec format error|(?:\{"msg":")?exec container process `.*`: Exec format error(?:".*\})?)$/.test(
    lines.trim().split('\n').at(-1)?.trim() ?? '',
  )
