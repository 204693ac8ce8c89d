import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseReference } from '../../../model/image/reference.ts'
import { parseSearch } from '../../../model/search/query.ts'
import { readCorpus } from '../../corpus/corpus.ts'

/** `name REFERENCE PLATFORM`, `words WORDS`, `wrong FAULT`. */
function describeInput(typed: string): string {
  const parsed = parseSearch(typed)
  switch (parsed.kind) {
    case 'name':
      return ['name', parsed.name.reference, parsed.platform].filter(Boolean).join(' ')
    case 'words':
      return ['words', parsed.words, parsed.possibleName?.reference].filter(Boolean).join(' ')
    case 'wrong':
      return `wrong ${parsed.why}`
    case 'nothing':
      return 'nothing'
  }
}

test.each(readCorpus<'pasted' | 'means' | 'slipway'>('search-box'))(
  '“$pasted” means: $means',
  ({ pasted, slipway }) => {
    expect(describeInput(pasted)).toBe(slipway)
    // The box joins the lines of a pasted text with spaces.
    expect(describeInput(pasted.replaceAll('\n', ' '))).toBe(slipway)
  },
)

const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:[._-][a-z0-9]{1,4})?$/)
const tag = fc.stringMatching(/^\w[\w.-]{0,8}\w$/)
const reference = fc
  .record({
    host: fc.constantFrom('', '', 'ghcr.io/', 'localhost/', 'registry.example.com:5000/', '[::1]:5000/'),
    path: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    version: fc.oneof(
      tag.map((tag) => `:${tag}`),
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => `@sha256:${hash}`),
    ),
  })
  .map(({ host, path, version }) => host + path + version)
  .filter((text) => parseReference(text) !== undefined)

const fullWidth = (text: string) =>
  text.replace(/[:/@]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0))

const forms: readonly ((reference: string) => string)[] = [
  (reference) => reference,
  (reference) => `docker pull ${reference}`,
  (reference) => `$ sudo docker image pull -q ${reference}`,
  (reference) => `docker pull ${reference} --platform linux/arm64`,
  (reference) => `docker run -d -p 80:80 --name x ${reference} sh -c "echo a:1"`,
  (reference) => `podman run --rm -it -v "$PWD":/x -e 'A=b c' ${reference}`,
  (reference) => `nerdctl run -dp80:80 --restart=always ${reference} --name y`,
  (reference) => `root@host:/srv# docker create ${reference}`,
  (reference) => `“docker pull ${reference}”。`,
  ...['“”', '‘’', '「」', '""', "''", '``', '()', '《》', '**'].map(
    ([open = '', close = '']) =>
      (reference: string) =>
        open + reference + close,
  ),
  fullWidth,
  (reference) => `\u200b${reference}\ufeff`,
  (reference) => `　${reference}　`,
  (reference) => `${reference}，`,
  (reference) => `${reference}.`,
  (reference) => `FROM --platform=$BUILDPLATFORM ${reference} AS build`,
  (reference) => `image: "${reference}"`,
  (reference) => `- image: ${reference} # comment`,
  (reference) => `https://${reference}`,
]

test('a reference in any of these forms gives the same name', () => {
  fc.assert(
    fc.property(reference, fc.constantFrom(...forms), (text, wrap) => {
      // Only a name with a host can follow `https://`.
      fc.pre(!wrap('').startsWith('https:') || text !== parseReference(`docker.io/${text}`)?.reference)
      expect(parseSearch(wrap(text))).toMatchObject({ kind: 'name', name: parseReference(text) })
    }),
    { numRuns: 2000 },
  )
})
