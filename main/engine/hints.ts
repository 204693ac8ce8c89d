/** What an event of the engine makes worth looking at again. Events are hints: what is so now is always asked. */
import type { EngineEvent } from './replies.ts'

export type Hint =
  | { readonly look: 'image'; readonly name: string }
  | { readonly look: 'container'; readonly id: string }
  | { readonly look: 'everything' }

const imageActions = new Set('tag untag delete remove pull load loadfromarchive import create build'.split(' '))
// The others (exec_create, health_status, attach, resize, top…) change nothing that is shown.
const containerActions = new Set(
  'create start restart pause unpause stop kill die oom rename destroy remove'.split(' '),
)

export function hintsOf({ Type, Action, Actor }: EngineEvent): Hint[] {
  if (Type === 'image') {
    // A prune names nothing, and on 26.1's containerd store no deletion is told either.
    if (Action === 'prune') return [{ look: 'everything' }]
    return imageActions.has(Action) && Actor.ID ? [{ look: 'image', name: Actor.ID }] : []
  }
  if (Type !== 'container') return []
  const { imageID } = Actor.Attributes
  // A commit without a tag has no image event on engines before 28.
  if (Action === 'commit') return imageID ? [{ look: 'image', name: imageID }] : []
  return containerActions.has(Action) ? [{ look: 'container', id: Actor.ID }] : []
}
