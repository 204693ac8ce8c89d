/** How a container ended: its exit code, and the last that it said. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import type { ContainerEnding } from '../../preload/contract/index.ts'
import { ask, unframed } from '../engine/index.ts'

const ended = v.object({ State: v.object({ ExitCode: v.number() }), Config: v.object({ Tty: v.boolean() }) })
const lastLines = 10
/** Somebody may say much in ten lines. */
const most = 4000

export async function endingOf(docker: Docker, of: string): Promise<ContainerEnding> {
  const { State, Config } = v.parse(ended, await ask(docker, `/containers/${of}/json`, {}))
  const said: unknown = await docker.getContainer(of).logs({ stdout: true, stderr: true, tail: lastLines })
  const bytes = Buffer.isBuffer(said) ? said : Buffer.alloc(0)
  const text = (Config.Tty ? bytes : unframed()(bytes)).toString()
  return { exitCode: State.ExitCode, lines: text.slice(-most).trimEnd() }
}
