import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fixReversedText, applyPolicy } from '../../../tools/xterm-policy.ts'

const xterm = readFileSync('node_modules/@xterm/xterm/lib/xterm.mjs', 'utf8')

test('the installed xterm creates no style element and no style attribute once it is patched', () => {
  const patched = applyPolicy(xterm)
  expect(patched.match(/createElement\("xterm-style"\)/g)).toHaveLength(3)
  expect(patched).toMatch(/\(\w+\.style\.cssText=`\$\{\w+\.getAttribute\("style"\)\|\|""\}\$\{\w+\};`\)/)
  expect(patched).not.toMatch(/setAttribute\("style"|createElement\("style"\)/)
})

test('the build fails if there is nothing to patch', () => {
  expect(() => applyPolicy(applyPolicy(xterm))).toThrow('in another way')
  expect(() => applyPolicy('export {}')).toThrow('in another way')
})

test.each([
  "document.createElement('style')",
  'e.setAttribute(`style`,x)',
  'e.innerHTML=x',
  'e.insertAdjacentHTML(a,b)',
])('the build fails if xterm contains %s', (code) => {
  expect(() => applyPolicy(`${xterm};${code}`)).toThrow('would stop')
})

test('the contrast of reversed text is computed with its own background', () => {
  expect(fixReversedText(xterm)).toMatch(
    /,(\w+)\?(\w+)\.background:\2\.foreground,[\w,]+\)\|\|\1&&\w+\.push\(`xterm-fg-\$\{257\}`\)/,
  )
  expect(() => fixReversedText('export {}')).toThrow('another way')
})
