/** Running an image, and the few things that are done with the containers that come of it. */
import { fail, type Handlers } from '../../preload/contract/index.ts'

const later = () => fail({ code: 'internal' as const })

export function containersService() {
  return {
    handlers: {
      'containers.suggest': later,
      'containers.port': later,
      'containers.run': later,
      'containers.start': later,
      'containers.stop': later,
      'containers.loss': later,
      'containers.remove': later,
      'containers.addresses': later,
      'containers.openPage': later,
      'containers.chooseFolder': later,
      'terminals.list': later,
      'terminals.open': later,
      'terminals.replay': later,
      'terminals.write': later,
      'terminals.resize': later,
      'terminals.took': later,
      'terminals.close': later,
    } satisfies Handlers<'containers'> & Handlers<'terminals'>,
  }
}
