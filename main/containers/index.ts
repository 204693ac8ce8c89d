/** What is done with containers where their image is: start, stop, loss, removal, addresses. */
import { fail, ok, type Failure, type Handlers, type Result } from '../../preload/contract/index.ts'
import { askingContainer, inspectContainer, statusOf, type Engine } from '../engine/index.ts'
import { addressesOf, lossOf, remove } from './about.ts'
import { endingOf } from './ending.ts'

interface Needs {
  readonly engine: Pick<Engine, 'docker' | 'state' | 'failure'>
  readonly openPage: (url: string) => Promise<void>
}

export function containersService({ engine, openPage }: Needs) {
  const asked = askingContainer(engine)
  const endpoint = () => engine.state().context?.endpoint ?? ''
  const addresses = (container: string) =>
    asked<readonly string[]>(async (docker) => {
      const found = await inspectContainer(docker, container)
      const here = endpoint().startsWith('unix://')
      const host = here ? undefined : new URL(endpoint()).hostname.replace(/^\[|\]$/g, '')
      return found ? ok(addressesOf(found, host)) : fail({ code: 'container-gone' })
    })

  return {
    handlers: {
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
    } satisfies Handlers<'containers'>,
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
