/**
 * Makes xterm clean under `style-src 'self'; require-trusted-types-for 'script'` while it is built: its `<style>`
 * elements become `xterm-style` (renderer/terminals/xterm-style.ts), and its style attributes are written as properties,
 * which the policy allows. Fails the build where there is nothing to do, or something left that the policy would stop.
 */
import type { Plugin } from 'vite'

const isXterm = /[/\\]@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/

export const xtermPolicy = (): Plugin => {
  let met = false
  return {
    name: 'xterm-policy',
    enforce: 'pre',
    apply: 'build',
    transform: {
      filter: { id: isXterm },
      handler(code) {
        met = true
        return { code: reversedWell(underPolicy(code)), map: null }
      },
    },
    buildEnd(error) {
      if (!met && !error) throw new Error('xterm-policy: xterm was not built; does it come from another file now?')
    },
  }
}

const styleElements = /\.createElement\("style"\)/g
const styleAttributes = /\b(\w+)\.setAttribute\("style",(`(?:[^`\\]|\\.)*`)\)/g
const forbidden = /createElement\(\s*["'`]style|setAttribute\(\s*["'`]style|\b(?:inner|outer)HTML\b|insertAdjacentHTML/

export function underPolicy(code: string): string {
  if (code.search(styleElements) < 0 || code.search(styleAttributes) < 0)
    throw new Error('xterm-policy: xterm makes its styles in another way now')
  const clean = code
    .replace(styleElements, '.createElement("xterm-style")')
    .replace(styleAttributes, '($1.style.cssText=$2)')
  const left = forbidden.exec(clean)
  if (left) throw new Error(`xterm-policy: the policy would stop ${clean.slice(left.index, left.index + 80)}`)
  return clean
}

const reversed = /\((\w+),(\w+),(\w+)\.foreground,(\w+),(\w+),(\w+)\)\|\|(\w+)&&(\w+\.push\(`xterm-fg-\$\{257\}`\))/

/**
 * Reversed text has the background's colour. Where a least contrast is wished for, xterm 6.0 takes it to have the
 * foreground's, which is its ground now, and makes a grey of it (DomRendererRowFactory, the last `_applyMinimumContrast`).
 */
export function reversedWell(code: string): string {
  if (!reversed.test(code)) throw new Error('xterm-policy: xterm draws reversed text in another way now')
  return code.replace(reversed, '($1,$2,$7?$3.background:$3.foreground,$4,$5,$6)||$7&&$8')
}
