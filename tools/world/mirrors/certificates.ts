/** The valid and invalid certificates that mirrors present, each created when it is first needed. */
import type { Authority, Certificate } from '../hub/authority.ts'
import type { MirrorBehaviour } from './behaviour.ts'

export type CertificateKind = MirrorBehaviour['certificate'] | 'valid'

/** @returns a function that returns the domain's certificate of a kind, by default a valid one */
export function certificateFactory(authority: Authority, domain: string): (kind?: CertificateKind) => Certificate {
  const names = [`*.${domain}`]
  const certificates = new Map<CertificateKind, Certificate>()
  return (kind = 'valid') => {
    const certificate = certificates.get(kind) ?? createCertificate(kind)
    certificates.set(kind, certificate)
    return certificate
  }

  function createCertificate(kind: NonNullable<CertificateKind>): Certificate {
    switch (kind) {
      case 'valid':
        return authority.issue(names)
      case 'self-signed':
        return authority.selfSigned(names)
      case 'expired':
        return authority.issue(names, { from: daysFromNow(-90), until: daysFromNow(-2) })
      case 'not-yet-valid':
        return authority.issue(names, { from: daysFromNow(2), until: daysFromNow(90) })
      case 'other-name':
        return authority.issue(['other.example'])
    }
  }
}

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000)
