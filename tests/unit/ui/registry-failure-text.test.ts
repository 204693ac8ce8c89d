import { beforeAll, describe, expect, test } from 'vitest'
import { setLanguage } from '../../../renderer/ui/i18n.svelte.ts'
import { registryFailureText } from '../../../renderer/ui/registry-failure-text.ts'
import { registryFailureExamples } from '../../../tools/scenes/registry-failure-examples.ts'

const detail = 'lookup registry-1.docker.io: no such host'

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  beforeAll(() => setLanguage(language))

  test('every failure of a registry has a fact and a next step, with its values filled in', () => {
    for (const failure of Object.values(registryFailureExamples).flat()) {
      const { title, hint } = registryFailureText(failure)
      // A title with a second sentence has the next step itself.
      expect(hint || title).toMatch(hint ? /./ : /[.。，].+[.。]$/)
      expect(`${title} ${hint}`).not.toMatch(/[{}]|undefined/)
    }
  })

  test('each reason why a registry cannot be reached has its own fact', () => {
    const titles = (['no-host', 'no-network', 'refused', 'cut', undefined] as const).map(
      (reason) =>
        registryFailureText({ code: 'registry-unreachable', host: 'ghcr.io', detail, ...(reason && { reason }) }).title,
    )
    expect(new Set(titles).size).toBe(5)
  })
})

describe('in English', () => {
  beforeAll(() => setLanguage('en'))

  test('Docker Hub is never said not to exist', () => {
    const { title, hint } = registryFailureText({
      ...{ code: 'registry-unreachable', host: 'docker.io' },
      ...{ detail, reason: 'no-host' },
    })
    expect(title).toBe('Docker Hub cannot be found: its name cannot be looked up.')
    expect(hint).toContain('DNS')
  })

  test('a mirror that limits requests leads to another mirror, and a registry does not', () => {
    const limited = { code: 'registry-limited', host: 'mirror.example' } as const
    expect(registryFailureText({ ...limited, mirror: true }).hint).toContain('another mirror')
    expect(registryFailureText(limited).hint).not.toContain('mirror')
  })

  test('a certificate that is out of date leads to the clock first', () => {
    for (const reason of ['expired', 'not-yet-valid'] as const)
      expect(registryFailureText({ code: 'registry-tls', host: 'ghcr.io', detail, reason }).hint).toMatch(
        /^Check this computer’s clock\./,
      )
  })
})
