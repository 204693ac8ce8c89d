/**
 * Makes xterm comply with `style-src 'self'; require-trusted-types-for 'script'` at build time: its `<style>`
 * elements become `xterm-style` (renderer/terminals/xterm-style.ts), and its style attributes are set as properties,
 * which the policy allows. Fails the build if there is nothing to replace, or if a violation remains.
 */
import type { Plugin } from 'vite'

const xtermPath = /[/\\]@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/

export const xtermPolicy = (): Plugin => {
  let isPatched = false
  return {
    name: 'xterm-policy',
    enforce: 'pre',
    apply: 'build',
    transform: {
      filter: { id: xtermPath },
      handler(code) {
        isPatched = true
        return { code: fixReversedText(applyPolicy(code)), map: null }
      },
    },
    buildEnd(error) {
      if (!isPatched && !error)
        throw new Error('xterm-policy: xterm was not part of the build; has its file name changed?')
    },
  }
}

const styleElements = /\.createElement\("style"\)/g
const styleAttributes = /\b(\w+)\.setAttribute\("style",(`(?:[^`\\]|\\.)*`)\)/g
const forbidden = /createElement\(\s*["'`]style|setAttribute\(\s*["'`]style|\b(?:inner|outer)HTML\b|insertAdjacentHTML/

export function applyPolicy(code: string): string {
  if (code.search(styleElements) < 0 || code.search(styleAttributes) < 0)
    throw new Error('xterm-policy: xterm makes its styles in another way now')
  const patched = code
    .replace(styleElements, '.createElement("xterm-style")')
    .replace(styleAttributes, '($1.style.cssText=$2)')
  const violation = forbidden.exec(patched)
  if (violation)
    throw new Error(`xterm-policy: the policy would stop ${patched.slice(violation.index, violation.index + 80)}`)
  return patched
}

/** Matches a call in xterm's minified code that applies the minimum contrast. */
const contrastCall = /\((\w+),(\w+),(\w+)\.foreground,(\w+),(\w+),(\w+)\)\|\|(\w+)&&(\w+\.push\(`xterm-fg-\$\{257\}`\))/

/**
 * Reversed text has the theme's background colour, on the foreground colour. When xterm 6.0 enforces the minimum
 * contrast, it compares the foreground colour with itself, finds no contrast, and makes the text grey
 * (DomRendererRowFactory, the last `_applyMinimumContrast`). The patched code passes the background colour instead.
 */
export function fixReversedText(code: string): string {
  if (!contrastCall.test(code)) throw new Error('xterm-policy: xterm draws reversed text in another way now')
  return code.replace(contrastCall, '($1,$2,$7?$3.background:$3.foreground,$4,$5,$6)||$7&&$8')
}
