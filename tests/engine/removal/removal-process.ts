// Removes all images with copies, or undoes every removal. crash.test.ts runs this program, and kills it at a random
// time.
import Docker from 'dockerode'
import { openRemovalApp } from './removal-app.ts'

const [socket = '', folder = '', action = ''] = process.argv.slice(2)
const app = await openRemovalApp({ socket, docker: new Docker({ socketPath: socket }) }, folder)
await app.whenReconciled()
if (action === 'remove') {
  await app.catchUp()
  const ids = [...app.engine.live.images().keys()]
  const storedPlan = await app.plan(ids.map((image) => ({ image })))
  console.log('started')
  await app.executePlan(storedPlan, ids)
} else {
  console.log('started')
  for (const { job } of app.jobs.undoables()) await app.undo(job)
}
await app.stop()
console.log('finished')
