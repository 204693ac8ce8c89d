/** The Docker Official Images, as the catalogue that comes with the app tells of them. */
import * as v from 'valibot'
import { byStars, searchCatalogue, type CatalogueEntry } from '../../model/search/catalogue.ts'
import { officialPlatform } from '../../model/image/platform.ts'
import { newestUsefulFirst, orderTags } from '../../model/search/tags.ts'
import type { Featured, FoundImage, KnownImage, TagVariant } from '../../preload/contract/index.ts'
import imagesFile from '../../resources/catalogue/official-images.json' with { type: 'json' }
import tagsFile from '../../resources/catalogue/official-tags.json' with { type: 'json' }

const words = v.object({ what: v.string(), use: v.string() })
const images = v.object({
  /** The month in which the stars were counted. */
  starred: v.string(),
  images: v.array(
    v.object({
      name: v.string(),
      categories: v.array(v.string()),
      stars: v.optional(v.number()),
      deprecated: v.optional(v.boolean(), false),
      instead: v.optional(v.array(v.string()), []),
      en: words,
      zh: words,
    }),
  ),
})
type Listed = v.InferOutput<typeof images>['images'][number]

/** A variant's tags, and what its maintainers call its architectures. */
const variant = v.tuple([v.array(v.string()), v.array(v.string())])
const tags = v.object({ listed: v.string(), images: v.record(v.string(), v.array(variant)) })

export interface Catalogue {
  search(words: string): FoundImage[]
  featured(): Featured
  /** What is known of an official image, by its familiar name. */
  known(repository: string): FoundImage | undefined
  /** The variants of an official image on the day that they were listed. */
  tags(repository: string): { readonly asOf: string; readonly variants: readonly TagVariant[] } | undefined
}

export function readCatalogue(): Catalogue {
  const { starred, images: listed } = v.parse(images, imagesFile)
  const entries = listed.map((image) => ({ ...searched(image), found: foundImage(image) }))
  const byName = new Map(entries.map(({ name, found }) => [name, found]))
  // Many, and not needed before an image is chosen.
  let read: v.InferOutput<typeof tags> | undefined
  const tagsRead = () => (read ??= v.parse(tags, tagsFile))

  return {
    search: (words) => searchCatalogue(entries, words).map(({ found }) => found),
    featured: () => ({
      starred,
      images: entries
        .filter(({ stars }) => stars !== undefined)
        .sort(byStars)
        .map(({ found }) => found),
    }),
    known: (repository) => byName.get(repository),
    tags(repository) {
      const { listed: asOf, images } = tagsRead()
      const variants = Object.hasOwn(images, repository) ? images[repository] : undefined
      return variants && { asOf, variants: newestUsefulFirst(variants.map(toVariant)) }
    },
  }
}

const toVariant = ([tags, architectures]: v.InferOutput<typeof variant>): TagVariant => ({
  tags: orderTags(tags),
  platforms: architectures.map(officialPlatform),
})

const searched = ({ name, stars, categories, en, zh }: Listed): CatalogueEntry => ({
  name,
  ...(stars !== undefined && { stars }),
  texts: [en.what, en.use, zh.what, zh.use],
  categories: categories.map((category) => category.replaceAll('-', ' ')),
})

function foundImage({ name, stars, categories, deprecated, instead, en, zh }: Listed): FoundImage {
  const known: KnownImage = {
    words: { en, 'zh-CN': zh },
    categories,
    ...(deprecated && { deprecated: { instead } }),
  }
  return { repository: name, description: en.what, official: true, ...(stars !== undefined && { stars }), known }
}
