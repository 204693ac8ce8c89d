/** Archives of images: saved complete or not at all, and loaded only if they are what was saved. */
export { loadArchive, type ArchiveToLoad } from './load.ts'
export { saveArchive, type ArchiveToSave, type SavedArchive } from './save.ts'
