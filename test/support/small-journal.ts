/** Limits of a journal for tests: some segments of a mebibyte, whatever room the disk has. */
export const smallJournal = {
  segmentBytes: 1 << 20,
  maxBytes: 1 << 24,
  minFreeDiskBytes: 0,
  maxRecordBytes: 1 << 19,
  maxQueuedBytes: 1 << 22,
} as const
