/** The bundled catalogue of mirrors, collected from public sources. The entries have not been tested. */
import * as v from 'valibot'
import type { Mirror } from '../../preload/contract/index.ts'
import mirrorsFile from '../../resources/catalogue/mirrors.json' with { type: 'json' }

const translations = v.pipe(
  v.object({ en: v.string(), zh: v.string() }),
  v.transform(({ en, zh }) => ({ en, 'zh-CN': zh })),
)
const catalogueSchema = v.object({
  asOf: v.string(),
  mirrors: v.array(
    v.object({
      /** Contains `<id>` if each account has its own address. */
      host: v.string(),
      access: v.picklist(['public', 'region', 'account', 'network', 'vendor']),
      operator: v.exactOptional(translations),
      seen: v.exactOptional(v.string()),
      uncertain: v.optional(v.boolean(), false),
      closed: v.exactOptional(v.string()),
      note: v.exactOptional(translations),
    }),
  ),
})

export interface MirrorCatalogue {
  /** When the catalogue was written. */
  readonly asOf: string
  readonly mirrors: readonly Mirror[]
}

export function readCatalogue(): MirrorCatalogue {
  const { asOf, mirrors } = v.parse(catalogueSchema, mirrorsFile)
  return {
    asOf,
    mirrors: mirrors.map(({ host, ...known }) => ({ address: `https://${host}`, host, own: false, known })),
  }
}

/** Whether a mirror takes part in races: not if it is closed, or needs an account or the operator's devices. */
export const takesPartInRaces = ({ known }: Mirror): boolean =>
  known === undefined || (known.closed === undefined && known.access !== 'account' && known.access !== 'vendor')
