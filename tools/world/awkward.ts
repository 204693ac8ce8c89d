/** Valid images that are difficult to display, each in a different way. */
import type { HistoryEntry, ImageSpec } from './images.ts'

const created = new Date('2024-02-29T12:34:56.789Z')
const step = (instruction: string, bytes: number) => ({ instruction, bytes })
const awkwardImage = (name: string, overrides: Partial<ImageSpec> = {}): ImageSpec => ({
  references: [`awkward/${name}:1`],
  created,
  steps: [step(`COPY ${name} /`, 1000)],
  ...overrides,
})

/** Docker allows 128 characters in a tag, and 255 in a name including its host. */
export const longestTag = `t${'0123456789abcdef.'.repeat(8).slice(0, 126)}z`
export const longestName = `registry.example.com:5000/${Array.from({ length: 40 }, () => 'longer')
  .join('/')
  .slice(0, 229)}`

export const html = '<img src=x onerror="alert(1)"><script>alert(2)</script><b>bold</b> &amp; {{7*7}} ${7*7}'
/** Characters that reverse text, ring the bell, move the cursor, or end lines. */
export const control =
  'good\u202Egnp.exe\u202C \u2066isolated\u2069 \u200Bzero\uFEFF \u0007\u001B[31mred\u001B[0m\u001B]8;;http://x.example\u0007 a\r\nb\tc\u0085d\u2028e'

/** The first argument of each `awkwardImage` says what is difficult. */
export function awkwardImages(): ImageSpec[] {
  return [
    awkwardImage('html', {
      config: { Labels: { [html]: html, title: html }, Env: [`NOTE=${html}`], Cmd: ['/bin/sh', '-c', html] },
    }),
    awkwardImage('long-label', {
      config: { Labels: { text: 'Ten thousand bytes. '.repeat(500), word: 'x'.repeat(10_000) } },
    }),
    awkwardImage('many-labels', {
      config: { Labels: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`label.${i}`, `${i}`])) },
    }),
    awkwardImage('control', {
      author: control,
      config: { Labels: { [control]: control }, Env: [`NOTE=${control}`], Cmd: ['echo', control], WorkingDir: '/tmp' },
      steps: [step(`RUN echo ${control}`, 1000)],
    }),
    awkwardImage('chinese', {
      config: { Labels: { 名称: '团队接口服务', 说明: '「测试」，全角标点' } },
      steps: [step('RUN echo 你好，世界', 1000)],
    }),
    awkwardImage('deep-name', {
      references: ['registry.example.com:5000/one/two/three/four/five/six:1', '127.0.0.1:5000/a:1'],
    }),
    awkwardImage('longest-tag', { references: [`awkward/longest-tag:${longestTag}`] }),
    awkwardImage('longest-name', { references: [`${longestName}:1`] }),
    awkwardImage('strange-names', {
      references: ['a__b/c.d/e--f:1.0_x-y.Z', 'localhost/x:latest', 'xn--fiq228c.example/y:1'],
    }),
    awkwardImage('many-tags', { references: Array.from({ length: 40 }, (_, i) => `awkward/many-tags:${i + 1}`) }),
    awkwardImage('dangling', { references: [] }),
    awkwardImage('arm', { architecture: 'arm64', variant: 'v8' }),
    awkwardImage('riscv', { architecture: 'riscv64' }),
    awkwardImage('no-history', { history: [] }),
    awkwardImage('long-history', {
      history: [...settings(100), { created_by: 'COPY long-history /' }, ...settings(26)],
    }),
    awkwardImage('layer-not-in-history', {
      steps: [step('COPY one /', 1000), step('COPY two /', 2000)],
      history: [{ created_by: 'COPY one and two, recorded as one /' }],
    }),
    awkwardImage('long-instruction', { steps: [step(`RUN ${'make all && '.repeat(900)}true`, 1000)] }),
    awkwardImage('no-config', { config: {} }),
    awkwardImage('before-1970', { created: new Date('0001-01-01T00:00:00Z') }),
    awkwardImage('future', { created: new Date('2199-12-31T23:59:59Z') }),
    awkwardImage('nothing-in-it', { steps: [step('WORKDIR /', 0)] }),
  ]
}

const settings = (count: number): HistoryEntry[] =>
  Array.from({ length: count }, (_, i) => ({ created_by: `ENV N${i}=${i}`, empty_layer: true }))
