/** Running an image; its containers' start, stop, loss and addresses; terminals into them. */
import type Docker from 'dockerode'
import { fail, ok, type Failure, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import type { Publish } from '../../preload/contract/index.ts'
import type { ImageId } from '../../model/image/image.ts'
import { statusOf, type Engine } from '../engine/index.ts'
import { addressesOf, inspect, lossOf, remove } from './about.ts'
import { endingOf } from './ending.ts'
import { openTerminal, startInTerminal } from './open.ts'
import { openPorts, portState } from './ports.ts'
import { runImage } from './run.ts'
import { imageShells } from './shells.ts'
import { suggestion } from './suggest.ts'
import { terminalBook } from './terminals.ts'

interface Needs {
  readonly engine: Pick<Engine, 'docker' | 'state' | 'live' | 'failure' | 'flags'>
  readonly publish: Publish
  readonly details: (image: ImageId) => Result<ImageDetails> | Promise<Result<ImageDetails>>
  readonly chooseFolder: (now: string) => Promise<string | undefined>
  readonly openPage: (url: string) => Promise<void>
}

export function containersService({ engine, publish, details, chooseFolder, openPage }: Needs) {
  const isHere = (docker: Docker) => {
    const now = engine.docker()
    return engine.state().status === 'connected' && now.ok && now.value === docker
  }
  const terminals = terminalBook({ publish, isHere })
  const shells = imageShells()
  const names = () => new Set([...engine.live.containers().values()].map(({ name }) => name))
  const endpoint = () => engine.state().context?.endpoint ?? ''
  const here = () => endpoint().startsWith('unix://')
  const platform = () => {
    const state = engine.state()
    return state.status === 'connected' ? state.facts.platform : undefined
  }

  /** Asks the engine, and says what went wrong in the app's own codes. */
  async function asking<T>(ask: (docker: Docker) => Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
    const docker = engine.docker()
    if (!docker.ok) return docker
    try {
      return await ask(docker.value)
    } catch (error) {
      return fail(engine.failure(error))
    }
  }
  /** The same of a container: who is not there is gone. */
  const asked = <T>(ask: (docker: Docker) => Promise<Result<T, Failure>>) =>
    asking<T>(async (docker) => {
      try {
        return await ask(docker)
      } catch (error) {
        if (statusOf(error) === 404) return fail({ code: 'container-gone' })
        throw error
      }
    })
  const addresses = (container: string) =>
    asked<readonly string[]>(async (docker) => {
      const found = await inspect(docker, container)
      const host = here() ? undefined : new URL(endpoint()).hostname.replace(/^\[|\]$/g, '')
      return found ? ok(addressesOf(found, host)) : fail({ code: 'container-gone' })
    })

  return {
    end: terminals.end,
    /** What the app reaches is another engine, or none. */
    engineChanged: terminals.left,
    handlers: {
      'run.suggest': ({ image, reference }) =>
        asking(async (docker) => {
          const known = await details(image)
          if (!known.ok) return known
          const about = {
            image,
            reference,
            details: known.value,
            enginePlatform: platform(),
            names: names(),
            reach: engine.flags(),
          }
          return ok(await suggestion(docker, shells, await openPorts(docker, here()), about))
        }),
      'run.port': (port) => asking(async (docker) => ok(await portState(await openPorts(docker, here()), port))),
      'run.start': ({ wish, size }) =>
        asking((docker) => {
          const about = { here: here(), enginePlatform: platform(), names: names() }
          return runImage({ docker, ...about, shells, terminals }, wish, size)
        }),
      'containers.start': (container) => asked(async (docker) => done(docker.getContainer(container).start())),
      'containers.stop': (container) => asked(async (docker) => done(docker.getContainer(container).stop())),
      'containers.ending': (container) => asked(async (docker) => ok(await endingOf(docker, container))),
      'containers.loss': (container) => asked((docker) => lossOf(docker, container)),
      'containers.remove': ({ container, volumes }) => asked((docker) => remove(docker, container, volumes)),
      'containers.addresses': addresses,
      'containers.openPage': async ({ container, url }) => {
        const known = await addresses(container)
        if (!known.ok) return known
        if (!known.value.includes(url)) return fail({ code: 'bad-input' })
        await openPage(url)
        return ok(undefined)
      },
      'run.chooseFolder': async (now) => ok(await chooseFolder(now)),
      'terminals.open': (wish) => asked((docker) => openTerminal(docker, terminals, wish)),
      'terminals.start': (wish) => asked((docker) => startInTerminal(docker, terminals, wish)),
      ...terminals.handlers,
    } satisfies Handlers<'containers'> & Handlers<'run'> & Handlers<'terminals'>,
  }
}

/** What is so already is as good: 304. */
async function done(work: Promise<unknown>): Promise<Result<void, Failure>> {
  try {
    await work
  } catch (error) {
    if (statusOf(error) !== 304) throw error
  }
  return ok(undefined)
}
