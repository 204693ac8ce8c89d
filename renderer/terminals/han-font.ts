/**
 * A terminal gives a Chinese character two columns. The glyph is narrower, so the text looks spaced out. The font face
 * `Slipway Han` enlarges the glyphs by up to 12%. It uses installed fonts and downloads nothing.
 */
const family = 'Slipway Han'
const maxScale = 1.12

const faces = [
  { weight: 'normal', fonts: ['NotoSansMonoCJKsc-Regular', 'NotoSansCJKsc-Regular', 'SourceHanSansSC-Regular'] },
  { weight: 'bold', fonts: ['NotoSansMonoCJKsc-Bold', 'NotoSansCJKsc-Bold', 'SourceHanSansSC-Bold'] },
] as const
/** Han, kana, bopomofo, their punctuation, and full-width forms. */
const unicodeRange = 'U+2E80-312F, U+3190-4DBF, U+4E00-9FFF, U+F900-FAFF, U+FF01-FF60, U+20000-323AF'

/** The result of the first call, which all later calls share. */
let fontFamily: Promise<string> | undefined

/** @returns the CSS font-family list for a terminal that would otherwise use `fonts` */
export const hanFontFamily = (fonts: string, size: number): Promise<string> => (fontFamily ??= addFontFace(fonts, size))

async function addFontFace(fonts: string, size: number): Promise<string> {
  const canvas = document.createElement('canvas').getContext('2d')!
  canvas.font = `100px ${fonts}`
  const scale = Math.min(maxScale, (2 * canvas.measureText('W').width) / 100)
  if (scale <= 1) return fonts
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(
    faces
      .map(
        ({ weight, fonts }) => `@font-face {
          font-family: '${family}';
          font-weight: ${weight};
          src: ${fonts.map((font) => `local('${font}')`).join(', ')};
          size-adjust: ${(100 * scale).toFixed(1)}%;
          unicode-range: ${unicodeRange};
        }`,
      )
      .join('\n'),
  )
  document.adoptedStyleSheets.push(sheet)
  // xterm measures the font once, when it is first drawn, so the font must be loaded by then.
  await document.fonts.load(`${size}px '${family}'`, '字').catch(() => undefined)
  return `'${family}', ${fonts}`
}
