import type { JournalAlarm } from './alarm.ts'
import type { JournalFileSystem } from './file-system.ts'
import { frameHeaderBytes } from './frame.ts'
import { segmentHeaderBytes } from './segment-header.ts'

export interface JournalOptions {
  directory: string
  /** Size of one preallocated segment file. */
  segmentBytes: number
  /** Cap over the files of all segments, the spare one included; at least two segments. */
  maxBytes: number
  /** While the file system has less than this free, appends are refused. */
  minFreeDiskBytes: number
  maxRecordBytes: number
  /** Bound of the payloads that wait in memory for their commit. */
  maxQueuedBytes: number
  /** Bound of the latest records kept in memory for reading; default 32 MiB. */
  maxCachedBytes?: number
  /** How long a segment that cannot be read keeps later records waiting; default one minute. */
  readPatienceMs?: number
  /**
   * The last sequence that delivery knows to be stored. New sequences begin beyond it even if a disk lost the end of
   * the journal, so that no new record is taken for one that was delivered.
   */
  deliveredSequence?: number
  fileSystem?: JournalFileSystem
  /** Unix ms; default `Date.now`. */
  now?: () => number
  onAlarm?: (alarm: JournalAlarm) => void
}

/** Throws RangeError if the sizes contradict each other. */
export function checkJournalOptions(options: JournalOptions): void {
  for (const key of [
    'segmentBytes',
    'maxBytes',
    'minFreeDiskBytes',
    'maxRecordBytes',
    'maxQueuedBytes',
  ] as const) {
    const value = options[key]
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`journal ${key} is ${value}, not a size in bytes`)
  }
  const overhead = segmentHeaderBytes + frameHeaderBytes
  if (options.segmentBytes > 2 ** 31)
    throw new RangeError(`journal segmentBytes is ${options.segmentBytes}, above 2 GiB`)
  if (options.maxRecordBytes + overhead > options.segmentBytes) {
    throw new RangeError(
      `journal maxRecordBytes ${options.maxRecordBytes} + ${overhead} does not fit in segmentBytes ${options.segmentBytes}`,
    )
  }
  if (options.maxBytes < 2 * options.segmentBytes) {
    throw new RangeError(
      `journal maxBytes ${options.maxBytes} is below two segments of ${options.segmentBytes}`,
    )
  }
}
