export { ChainArchive, type ArchiveOptions } from './archive.ts';
export type { ArchiveStatus } from './archiveStatus.ts';
export { checkArchiveFile } from './checkFile.ts';
export { SegmentDamaged } from './damage.ts';
export type { ArchivedTransaction, Position } from './openCheckpoint.ts';
export { DEFAULT_ARCHIVE_SETTINGS, type ArchiveSettings } from './settings.ts';
