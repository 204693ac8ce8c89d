/** The certificates that mirrors show, right ones and wrong ones, each made when it is first needed. */
import type { Authority, Certificate } from '../hub/authority.ts'
import type { MirrorBehaviour } from './behaviour.ts'

export type CertificateKind = MirrorBehaviour['certificate'] | 'well'

/** For all names of a domain. */
export function certificatesOf(authority: Authority, domain: string): (kind?: CertificateKind) => Certificate {
  const names = [`*.${domain}`]
  const made = new Map<CertificateKind, Certificate>()
  return (kind = 'well') => {
    const certificate = made.get(kind) ?? make(kind)
    made.set(kind, certificate)
    return certificate
  }

  function make(kind: NonNullable<CertificateKind>): Certificate {
    switch (kind) {
      case 'well':
        return authority.issue(names)
      case 'self-signed':
        return authority.selfSigned(names)
      case 'expired':
        return authority.issue(names, { from: day(-90), until: day(-2) })
      case 'not-yet-valid':
        return authority.issue(names, { from: day(2), until: day(90) })
      case 'other-name':
        return authority.issue(['other.example'])
    }
  }
}

const day = (days: number) => new Date(Date.now() + days * 86_400_000)
