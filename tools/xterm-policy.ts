/**
 * Makes xterm comply with `style-src 'self'; require-trusted-types-for 'script'` at build time: its `<style>`
 * elements become `xterm-style` (renderer/terminals/xterm-style.ts), and its style attributes are set as properties,
 * which the policy allows. Fails the build if there is nothing to replace, or if a violation remains.
 */
import type { Plugin } from 'vite'

const isXterm = /[/\\]@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/

export const xtermPolicy = (): Plugin => {
  let found = false
  return {
    name: 'xterm-policy',
    enforce: 'pre',
    apply: 'build',
    transform: {
      filter: { id: isXterm },
      handler(code) {
        found = true
        return { code: reversedWell(underPolicy(code)), map: null }
      },
    },
    buildEnd(error) {
      if (!found && !error) throw new Error('xterm-policy: xterm was not part of the build; has its file name changed?')
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
 * Inverse text has the background's colour. With a minimum contrast, xterm 6.0 assumes the foreground's colour, which
 * is now the background, and makes the text grey (DomRendererRowFactory, the last `_applyMinimumContrast`).
 */
export function reversedWell(code: string): string {
  if (!reversed.test(code)) throw new Error('xterm-policy: xterm draws reversed text in another way now')
  return code.replace(reversed, '($1,$2,$7?$3.background:$3.foreground,$4,$5,$6)||$7&&$8')
}
