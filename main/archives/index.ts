/** Saves image archives, complete or not at all, and loads them if they have not changed since. */
export { loadArchive, type ArchiveToLoad } from './load.ts'
export { saveArchive, type ArchiveToSave, type SavedArchive } from './save.ts'
