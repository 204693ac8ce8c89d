import { expect, test } from 'vitest'
import type { Image } from '../../../model/image/image.ts'
import { commandsOf, namesOf } from '../../../model/removal/commands.ts'

const image = (references: string[], digests: string[] = []): Image => ({
  ...{ id: 'sha256:1', references, digests, created: 1, size: 100 },
})

test('an image is removed by its tags, or by its ID if it has no name', () => {
  expect(namesOf(image(['one:1', 'two:2']), 'classic')).toEqual(['one:1', 'two:2'])
  expect(namesOf(image([]), 'classic')).toEqual(['sha256:1'])
})

test('a digest is a name if its repository (classic store) or its image (containerd store) has no tag', () => {
  const digests = ['one@sha256:a', 'two@sha256:a']
  expect(namesOf(image(['one:1'], digests), 'classic')).toEqual(['one:1', 'two@sha256:a'])
  expect(namesOf(image(['one:1'], digests), 'containerd')).toEqual(['one:1'])
  expect(namesOf(image([], digests), 'containerd')).toEqual(digests)
})

test('a name that an engine made up is neither an option nor a command', () => {
  const plan = {
    deletes: [{ names: ['one:1', '-f'] }],
    untags: [],
    containers: [{ name: '$(id)\n\u202e', stop: false }],
  }
  expect(commandsOf(plan)).toEqual([`docker rm $'$(id)\\n\\342\\200\\256'`, 'docker rmi -- one:1 -f'])
})

test('the commands stop and remove containers before they remove images', () => {
  const plan = {
    deletes: [{ names: ['one:1', 'one:2'] }],
    untags: [{ reference: 'two:1' }],
    containers: [
      { name: 'runs', stop: true },
      { name: 'stopped', stop: false },
    ],
  }
  expect(commandsOf(plan)).toEqual(['docker stop runs', 'docker rm runs stopped', 'docker rmi two:1 one:1 one:2'])
})

test('each command names the engine, if the terminal may use another one', () => {
  const plan = { deletes: [{ names: ['one:1'] }], untags: [], containers: [{ name: 'runs', stop: true }] }
  expect(commandsOf(plan, ['--context', 'my build'])).toEqual([
    "docker --context 'my build' stop runs",
    "docker --context 'my build' rm runs",
    "docker --context 'my build' rmi one:1",
  ])
})

test('a command without arguments is left out', () => {
  expect(commandsOf({ deletes: [{ names: ['one:1'] }], untags: [], containers: [] })).toEqual(['docker rmi one:1'])
  expect(commandsOf({ deletes: [], untags: [], containers: [] })).toEqual([])
})
