/** What is done with containers where their image is: start, stop, loss, removal, addresses. */
import { fail, ok, type Handlers } from '../../preload/contract/index.ts'
import { askingContainer, inspectContainer, startContainer, stopContainer, type Engine } from '../engine/index.ts'
import { addressesOf, lossOf, remove } from './about.ts'
import { endingOf } from './ending.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session'>
  readonly openPage: (url: string) => Promise<void>
}

export function containersService({ engine, openPage }: Needs) {
  const asked = askingContainer(engine)
  const addresses = (container: string) =>
    asked<readonly string[]>(async (session) => {
      const found = await inspectContainer(session, container)
      const { endpoint } = session.context
      const host = endpoint.startsWith('unix://') ? undefined : new URL(endpoint).hostname.replace(/^\[|\]$/g, '')
      return found ? ok(addressesOf(found, host)) : fail({ code: 'container-gone' })
    })

  return {
    handlers: {
      'containers.start': (container) => asked(async (session) => ok(await startContainer(session, container))),
      'containers.stop': (container) =>
        asked(async (session) =>
          (await stopContainer(session, container)) ? ok(undefined) : fail({ code: 'container-gone' }),
        ),
      'containers.ending': (container) => asked((session) => endingOf(session, container)),
      'containers.loss': (container) => asked((session) => lossOf(session, container)),
      'containers.remove': ({ container, volumes }) => asked((session) => remove(session, container, volumes)),
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
