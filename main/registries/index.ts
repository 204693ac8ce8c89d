/** The user's decisions about registries: which of them may have the user log in at another host. */
import { fail, ok, type Handlers } from '../../preload/contract/index.ts'
import type { RealmsStore } from '../store/index.ts'

export interface Registries {
  readonly handlers: Handlers<'registries'>
  /** Whether the login for a registry may be sent to a realm. If not, the user can be asked about them from now on. */
  allowsRealm(host: string, realm: string): boolean
}

export function registriesService(store: RealmsStore): Registries {
  /** The questions that the user may answer: a call from the window cannot name other hosts. */
  const asked = new Set<string>()
  const keyOf = (host: string, realm: string) => `${host} ${realm}`
  const isAllowed = (host: string, realm: string) =>
    store.value.allowed.some((entry) => entry.host === host && entry.realm === realm)

  return {
    allowsRealm(host, realm) {
      if (isAllowed(host, realm)) return true
      asked.add(keyOf(host, realm))
      return false
    },
    handlers: {
      'registries.allowRealm': ({ host, realm }) => {
        if (!asked.has(keyOf(host, realm))) return fail({ code: 'bad-input' })
        if (!isAllowed(host, realm)) store.write({ allowed: [...store.value.allowed, { host, realm }] })
        return ok(undefined)
      },
    },
  }
}
