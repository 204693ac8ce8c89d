/** The mirrors that public texts told of, as the catalogue that comes with the app has them: none was tried. */
import * as v from 'valibot'
import type { Mirror } from '../../preload/contract/index.ts'
import mirrorsFile from '../../resources/catalogue/mirrors.json' with { type: 'json' }

const words = v.pipe(
  v.object({ en: v.string(), zh: v.string() }),
  v.transform(({ en, zh }) => ({ en, 'zh-CN': zh })),
)
const file = v.object({
  asOf: v.string(),
  mirrors: v.array(
    v.object({
      /** With `<id>` where each account has an address of its own. */
      host: v.string(),
      access: v.picklist(['public', 'region', 'account', 'network', 'vendor']),
      operator: v.exactOptional(words),
      seen: v.exactOptional(v.string()),
      uncertain: v.optional(v.boolean(), false),
      closed: v.exactOptional(v.string()),
      note: v.exactOptional(words),
    }),
  ),
})

export interface MirrorCatalogue {
  readonly asOf: string
  readonly mirrors: readonly Mirror[]
}

export function readCatalogue(): MirrorCatalogue {
  const { asOf, mirrors } = v.parse(file, mirrorsFile)
  return {
    asOf,
    mirrors: mirrors.map(({ host, ...known }) => ({ address: `https://${host}`, host, own: false, known })),
  }
}

/** Those that anyone may hope to use. */
export const isTested = ({ known }: Mirror): boolean =>
  known === undefined || (known.closed === undefined && known.access !== 'account' && known.access !== 'vendor')
