/** Pulls a removed image again by its digest, after checking that the registry still has it. */
import { registryOf } from '../../model/image/provenance.ts'
import type { Failure } from '../../preload/contract/index.ts'
import type { EngineSession } from '../engine/index.ts'
import { isSameRegistry, type pullService } from '../pull/index.ts'
import type { Search } from '../search/index.ts'

export const pullAgain =
  (search: Pick<Search, 'digestExists'>, pull: Pick<ReturnType<typeof pullService>, 'pullWithinJob'>) =>
  async (session: EngineSession, reference: string, cancelled: AbortSignal): Promise<Failure | undefined> => {
    const [repository = '', digest = ''] = reference.split('@')
    const exists = await search.digestExists(repository, digest)
    if (exists.ok && !exists.value && (await isSameRegistry(session, registryOf(reference), cancelled)))
      return { code: 'reference-unknown', reference }
    return pull.pullWithinJob(session, reference, cancelled)
  }
