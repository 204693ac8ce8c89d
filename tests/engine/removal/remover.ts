// Removes all images with copies, or undoes all that can be undone: run by a test that kills it at a random moment.
import Docker from 'dockerode'
import { openCleaner } from './cleaner.ts'

const [socket = '', folder = '', deed = ''] = process.argv.slice(2)
const cleaner = await openCleaner({ socket, docker: new Docker({ socketPath: socket }) }, folder)
await cleaner.settled()
if (deed === 'remove') {
  await cleaner.catchUp()
  const ids = [...cleaner.engine.live.images().keys()]
  const plan = await cleaner.plan(ids.map((image) => ({ image })))
  console.log('begun')
  await cleaner.carryOut(plan, ids)
} else {
  console.log('begun')
  for (const { job } of cleaner.jobs.undoables()) await cleaner.undo(job)
}
await cleaner.stop()
console.log('ended')
