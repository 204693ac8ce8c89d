/** The bundled catalogue of Docker Official Images. */
import * as v from 'valibot'
import { byStars, searchCatalogue, type CatalogueEntry } from '../../model/search/catalogue.ts'
import { officialPlatform } from '../../model/image/platform.ts'
import { newestUsefulFirst, orderTags } from '../../model/search/tags.ts'
import type { Featured, FoundImage, KnownImage, TagVariant } from '../../preload/contract/index.ts'
import imagesFile from '../../resources/catalogue/official-images.json' with { type: 'json' }
import tagsFile from '../../resources/catalogue/official-tags.json' with { type: 'json' }

const descriptions = v.object({ what: v.string(), use: v.string() })
const imagesSchema = v.object({
  /** The month of the star counts. */
  starred: v.string(),
  images: v.array(
    v.object({
      name: v.string(),
      categories: v.array(v.string()),
      stars: v.optional(v.number()),
      deprecated: v.optional(v.boolean(), false),
      instead: v.optional(v.array(v.string()), []),
      en: descriptions,
      zh: descriptions,
    }),
  ),
})
type CatalogueImage = v.InferOutput<typeof imagesSchema>['images'][number]

/** A variant's tags, and its architectures as named in the official-images library. */
const variant = v.tuple([v.array(v.string()), v.array(v.string())])
const tagsSchema = v.object({ listed: v.string(), images: v.record(v.string(), v.array(variant)) })

export interface Catalogue {
  /** @returns the images that match all words, best match first */
  search(words: string): FoundImage[]
  featured(): Featured
  /** Looks up an official image by its familiar name. @returns undefined if the catalogue lacks the image */
  find(repository: string): FoundImage | undefined
  /** @returns the variants of an official image as of `asOf`; undefined if the catalogue lacks the image */
  tags(repository: string): { readonly asOf: string; readonly variants: readonly TagVariant[] } | undefined
}

export function readCatalogue(): Catalogue {
  const { starred, images } = v.parse(imagesSchema, imagesFile)
  const entries = images.map((image) => ({ ...toEntry(image), found: toFoundImage(image) }))
  const byName = new Map(entries.map(({ name, found }) => [name, found]))
  // Parsed on first use, because the file is large and needed only after the user selects an image.
  let parsedTags: v.InferOutput<typeof tagsSchema> | undefined
  const allTags = () => (parsedTags ??= v.parse(tagsSchema, tagsFile))

  return {
    search: (words) => searchCatalogue(entries, words).map(({ found }) => found),
    featured: () => ({
      starred,
      images: entries
        .filter(({ stars }) => stars !== undefined)
        .sort(byStars)
        .map(({ found }) => found),
    }),
    find: (repository) => byName.get(repository),
    tags(repository) {
      const { listed: asOf, images } = allTags()
      const variants = Object.hasOwn(images, repository) ? images[repository] : undefined
      return variants && { asOf, variants: newestUsefulFirst(variants.map(toVariant)) }
    },
  }
}

const toVariant = ([tags, architectures]: v.InferOutput<typeof variant>): TagVariant => ({
  tags: orderTags(tags),
  platforms: architectures.map(officialPlatform),
})

const toEntry = ({ name, stars, categories, en, zh }: CatalogueImage): CatalogueEntry => ({
  name,
  ...(stars !== undefined && { stars }),
  texts: [en.what, en.use, zh.what, zh.use],
  categories: categories.map((category) => category.replaceAll('-', ' ')),
})

function toFoundImage({ name, stars, categories, deprecated, instead, en, zh }: CatalogueImage): FoundImage {
  const known: KnownImage = {
    words: { en, 'zh-CN': zh },
    categories,
    ...(deprecated && { deprecated: { instead } }),
  }
  return { repository: name, description: en.what, official: true, ...(stars !== undefined && { stars }), known }
}
