/** Describes the layers of an image, base first, each with the other images that share it. */
import type { ImageId } from '../../model/image/image.ts'
import { parseInstruction } from '../../model/layers/instruction.ts'
import type { Sharing } from '../../model/layers/sharing.ts'
import type { Stack } from '../../preload/contract/index.ts'
import type { ImageRead } from './read-image.ts'
import type { LayerTable } from './table.ts'

export function stackOf(id: ImageId, { history, layersSize }: ImageRead, table: LayerTable, sharing: Sharing): Stack {
  const chain = table.imageLayers(id)?.chain ?? []
  const units = chain.map((layer) => table.unit(layer)!)
  const sharers = sharing.sharers(units)
  const likely = table.likely(id)
  const layerEntryIndices = new Set(likely.map(({ entry }) => entry))
  return {
    id,
    layers: chain.map((layer, index) => {
      const { min, max } = table.size(layer)
      const { entry, size } = likely[index]!
      const sharedWith = (sharers.get(units[index]!) ?? []).filter((other) => other !== id)
      const step = entry === undefined ? undefined : history[entry]
      return {
        size: { min: Math.min(min, layersSize), max: Math.min(max, layersSize) },
        ...(size !== undefined && { likely: Math.min(size, layersSize) }),
        ...(step && { instruction: parseInstruction(step.createdBy) }),
        sharedWith,
        imagesEndingHere: sharedWith.filter((other) => table.imageLayers(other)?.chain.length === index + 1),
      }
    }),
    settings: history
      .filter((_, index) => !layerEntryIndices.has(index))
      .map(({ createdBy }) => parseInstruction(createdBy)),
  }
}
