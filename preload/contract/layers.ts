/** The layers of all images, from which the window computes a selection's size, and one image's layer stack. */
import * as v from 'valibot'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { Instruction } from '../../model/layers/instruction.ts'
import type { ByteRange } from '../../model/layers/sizes.ts'
import type { SharingChange } from '../../model/layers/sharing.ts'
import { call, event, type } from './define.ts'
import { imageId } from './ids.ts'

/** The difference between `seq - 1` and `seq`. A window that missed a number requests a snapshot. */
export interface LayersChange extends SharingChange {
  readonly seq: number
}

export interface StackLayer {
  /** The range that is certain. */
  readonly size: ByteRange
  /** The likely size, within `size`; absent if only the range is known. */
  readonly likely?: Bytes
  /** The instruction that created the layer; absent if the history does not have it. */
  readonly instruction?: Instruction
  /** Other listed images that contain the layer. */
  readonly sharedWith: readonly ImageId[]
  /** Images of `sharedWith` whose last layer this is, so this image was built on them. */
  readonly imagesEndingHere: readonly ImageId[]
}

/** The layers of an image. */
export interface Stack {
  readonly id: ImageId
  /** Base first. */
  readonly layers: readonly StackLayer[]
  /** Instructions that created no layer (ENV, CMD…), in order. */
  readonly settings: readonly Instruction[]
}

export const calls = {
  /** The complete state, as a change from an empty one. */
  'layers.snapshot': call(v.undefined(), type<LayersChange>()),
  'layers.stack': call(imageId, type<Stack>()),
}
export const events = { 'layers.changed': event<LayersChange>() }
