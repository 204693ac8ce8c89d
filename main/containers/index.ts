/** Actions on containers: start, stop, removal and what would be lost, exit report, and URLs of published ports. */
import { otherHost } from '../../model/engine/kind.ts'
import { isLoopbackUrl } from '../../model/containers/url.ts'
import { fail, ok, type Handlers, type Result } from '../../preload/contract/index.ts'
import { withContainerSession, inspectContainer, startContainer, stopContainer, type Engine } from '../engine/index.ts'
import { publishedUrls, removalImpact, removeStoppedContainer } from './removal-impact.ts'
import { readExitReport } from './exit-report.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session'>
  readonly openPage: (url: string) => Promise<void>
  /** Asks the user first. */
  readonly openLink: (url: string) => Promise<Result<void>>
}

export function containersService({ engine, openPage, openLink }: Needs) {
  const withContainer = withContainerSession(engine)
  const readUrls = (container: string) =>
    withContainer<readonly string[]>(async (session) => {
      const inspected = await inspectContainer(session, container)
      return inspected
        ? ok(publishedUrls(inspected, otherHost(session.context.kind)))
        : fail({ code: 'container-gone' })
    })

  return {
    handlers: {
      'containers.start': (container) => withContainer(async (session) => ok(await startContainer(session, container))),
      'containers.stop': (container) =>
        withContainer(async (session) =>
          (await stopContainer(session, container)) ? ok(undefined) : fail({ code: 'container-gone' }),
        ),
      'containers.exitReport': (container) => withContainer((session) => readExitReport(session, container)),
      'containers.removalImpact': (container) => withContainer((session) => removalImpact(session, container)),
      'containers.remove': ({ container, volumes }) =>
        withContainer((session) => removeStoppedContainer(session, container, volumes)),
      'containers.addresses': readUrls,
      'containers.openPage': async ({ container, url }) => {
        const urls = await readUrls(container)
        if (!urls.ok) return urls
        if (!urls.value.includes(url)) return fail({ code: 'bad-input' })
        // Another computer's name or address comes from the engine or its context.
        return isLoopbackUrl(url) ? ok(await openPage(url)) : await openLink(url)
      },
    } satisfies Handlers<'containers'>,
  }
}
