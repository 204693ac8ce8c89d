/** Which layers images hold, so that the window can sum up a selection within a frame; and one image's stack of them. */
import * as v from 'valibot'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { Instruction } from '../../model/layers/instruction.ts'
import type { ByteRange } from '../../model/layers/sizes.ts'
import type { SharingChange } from '../../model/layers/sharing.ts'
import { call, event, type } from './define.ts'
import { imageId } from './ids.ts'

/** What became known between `seq - 1` and `seq`. A window that missed a number asks for the whole. */
export interface LayersChange extends SharingChange {
  readonly seq: number
}

export interface StackLayer {
  /** What is certain. */
  readonly size: ByteRange
  /** The likely size, within `size`; absent if nothing tells more than the range. */
  readonly likely?: Bytes
  /** What made it; absent where the history does not tell. */
  readonly instruction?: Instruction
  /** Other listed images that hold it. */
  readonly sharedWith: readonly ImageId[]
  /** Those of them that end here: all up to this layer is one of them, and the rest was built upon it. */
  readonly wholeOf: readonly ImageId[]
}

/** An image as the stack that it is. */
export interface Stack {
  readonly id: ImageId
  /** Base first. */
  readonly layers: readonly StackLayer[]
  /** Steps that set something and made no layer (ENV, CMD…), in their order. */
  readonly settings: readonly Instruction[]
}

export const calls = {
  /** The whole, as a change from nothing. */
  'layers.snapshot': call(v.undefined(), type<LayersChange>()),
  'layers.stack': call(imageId, type<Stack>()),
}
export const events = { 'layers.changed': event<LayersChange>() }
