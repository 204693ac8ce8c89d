import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fixReversedText, applyPolicy } from '../../../tools/xterm-policy.ts'

const xterm = readFileSync('node_modules/@xterm/xterm/lib/xterm.mjs', 'utf8')

test('xterm as it is installed makes no style element and no style attribute any more', () => {
  const clean = applyPolicy(xterm)
  expect(clean.match(/createElement\("xterm-style"\)/g)).toHaveLength(3)
  expect(clean).toMatch(/\(\w+\.style\.cssText=`\$\{\w+\.getAttribute\("style"\)\|\|""\}\$\{\w+\};`\)/)
  expect(clean).not.toMatch(/setAttribute\("style"|createElement\("style"\)/)
})

test('a second time there is nothing to do, which fails the build', () => {
  expect(() => applyPolicy(applyPolicy(xterm))).toThrow('in another way')
  expect(() => applyPolicy('export {}')).toThrow('in another way')
})

test.each([
  "document.createElement('style')",
  'e.setAttribute(`style`,x)',
  'e.innerHTML=x',
  'e.insertAdjacentHTML(a,b)',
])('%s, should xterm come to write that, fails the build', (code) => {
  expect(() => applyPolicy(`${xterm};${code}`)).toThrow('would stop')
})

test('reversed text is held against its own ground', () => {
  expect(fixReversedText(xterm)).toMatch(
    /,(\w+)\?(\w+)\.background:\2\.foreground,[\w,]+\)\|\|\1&&\w+\.push\(`xterm-fg-\$\{257\}`\)/,
  )
  expect(() => fixReversedText('export {}')).toThrow('another way')
})
