/** Saves and loads image archives. An incomplete archive is deleted, and a changed one is not loaded. */
export { loadArchive, type ArchiveToLoad } from './load.ts'
export { saveArchive, type ArchiveToSave, type SavedArchive } from './save.ts'
