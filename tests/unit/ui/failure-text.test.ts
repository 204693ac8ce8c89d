import { beforeAll, describe, expect, test } from 'vitest'
import { failureSentences, failureText } from '../../../renderer/ui/failure-text.ts'
import { setLanguage } from '../../../renderer/ui/i18n.svelte.ts'
import { failureExamples } from '../../../tools/scenes/failure-examples.ts'

const examples = Object.values(failureExamples).flat()

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  beforeAll(() => setLanguage(language))

  test('every failure has a title, with its values filled in', () => {
    for (const failure of examples) {
      const { title, hint } = failureText(failure)
      expect(title).not.toBe('')
      expect(`${title} ${hint}`).not.toMatch(/[{}]|undefined/)
    }
  })

  test('a hint that leads to a command comes with the command', () => {
    const leading = examples.map(failureText).filter(({ hint }) => /[:：]$/.test(hint))
    expect(leading.length).toBeGreaterThan(0)
    expect(leading.filter(({ command }) => command === undefined)).toEqual([])
  })

  test('a failure in one paragraph has whole sentences, and leads to no command', () => {
    for (const failure of examples) expect(failureSentences(failure)).not.toMatch(/[:：]$/)
    const stopped = { code: 'engine-stopped', endpoint: 'unix:///run/docker.sock' } as const
    const system = { type: 'system', manager: 'systemd', installed: true } as const
    expect(failureSentences({ ...stopped, kind: system })).toBe(
      language === 'en' ? 'Docker is not running.' : 'Docker 没有运行。',
    )
    expect(failureSentences({ code: 'engine-refused', detail: 'layer does not exist' })).toBe(
      language === 'en'
        ? 'The engine refused the request. It says: layer does not exist'
        : '引擎拒绝了请求。引擎的回应：layer does not exist',
    )
  })
})
