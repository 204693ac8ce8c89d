/**
 * In a terminal a Chinese character has the room of two Latin letters, which is more than it is wide: it would stand
 * spaced. So it is drawn larger, as far as looks well, by the fonts that are there anyway (nothing is fetched).
 */
const family = 'Slipway Han'
const largest = 1.12

const faces = [
  { weight: 'normal', fonts: ['NotoSansMonoCJKsc-Regular', 'NotoSansCJKsc-Regular', 'SourceHanSansSC-Regular'] },
  { weight: 'bold', fonts: ['NotoSansMonoCJKsc-Bold', 'NotoSansCJKsc-Bold', 'SourceHanSansSC-Bold'] },
] as const
/** Han, kana, bopomofo, their punctuation, and what is full-width. */
const range = 'U+2E80-312F, U+3190-4DBF, U+4E00-9FFF, U+F900-FAFF, U+FF01-FF60, U+20000-323AF'

let ready: Promise<string> | undefined

/** The fonts for a terminal that else would use these. */
export const withHan = (fonts: string, size: number): Promise<string> => (ready ??= prepared(fonts, size))

async function prepared(fonts: string, size: number): Promise<string> {
  const canvas = document.createElement('canvas').getContext('2d')!
  canvas.font = `100px ${fonts}`
  const scale = Math.min(largest, (2 * canvas.measureText('W').width) / 100)
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
          unicode-range: ${range};
        }`,
      )
      .join('\n'),
  )
  document.adoptedStyleSheets.push(sheet)
  // Measured once, when it is first drawn: it is to be there by then.
  await document.fonts.load(`${size}px '${family}'`, '字').catch(() => undefined)
  return `'${family}', ${fonts}`
}
