/** Registries: where a stored login may be sent. */
import * as v from 'valibot'
import { call, type } from './define.ts'

const host = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300))

export const calls = {
  /**
   * Allows a registry to have the user log in at another host, from now on. Fails unless a request has failed with
   * `registry-realm` for these hosts since the app started.
   */
  'registries.allowRealm': call(v.object({ host, realm: host }), type<void>()),
}
