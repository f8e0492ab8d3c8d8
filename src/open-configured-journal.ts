import { join } from 'node:path'
import { cachedBytes } from './batch-bytes.ts'
import type { Config } from './config.ts'
import { OpsError } from './errors.ts'
import { type Journal, type JournalAlarm, JournalVersionError, openJournal } from './journal/journal.ts'

type JournalConfig = Pick<
  Config,
  | 'dataDir'
  | 'journalSegmentBytes'
  | 'journalMaxBytes'
  | 'journalMinFreeDiskBytes'
  | 'journalReadPatienceMs'
  | 'otlpMaxInFlightBytes'
  | 'batchMaxBytes'
  | 'clickhouseUrl'
>

export function journalDirectory(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'journal')
}

/** Delivery's checkpoint stands beside the segments: it means nothing without them. */
export function checkpointPath(config: Pick<Config, 'dataDir'>): string {
  return join(journalDirectory(config), 'checkpoint.json')
}

/** Half a segment, so that a record always fits a new one. */
export function maxRecordBytes(config: Pick<Config, 'journalSegmentBytes'>): number {
  return Math.floor(config.journalSegmentBytes / 2)
}

/** How full the journal is, from 0 to 1: how far the store is behind. What may be shed first is shed by it. */
export function journalPressure(
  journal: Pick<Journal, 'stats'>,
  config: Pick<Config, 'journalMaxBytes'>,
): number {
  return journal.stats().bytes / config.journalMaxBytes
}

/**
 * Opens the journal as configured. The caller holds the data directory and says up to where rows are delivered.
 * @throws OpsError `journal_unknown_version`, `invalid_config` when its sizes contradict each other.
 */
export async function openConfiguredJournal(
  config: JournalConfig,
  deliveredSequence: number,
  onAlarm: (alarm: JournalAlarm) => void = () => {},
): Promise<Journal> {
  try {
    const { journal } = await openJournal({
      directory: journalDirectory(config),
      segmentBytes: config.journalSegmentBytes,
      maxBytes: config.journalMaxBytes,
      minFreeDiskBytes: config.journalMinFreeDiskBytes,
      maxRecordBytes: maxRecordBytes(config),
      maxQueuedBytes: config.otlpMaxInFlightBytes,
      maxCachedBytes: cachedBytes(config),
      readPatienceMs: config.journalReadPatienceMs,
      deliveredSequence,
      onAlarm,
    })
    return journal
  } catch (cause) {
    if (cause instanceof JournalVersionError)
      throw new OpsError('journal_unknown_version', cause.message, { cause })
    if (cause instanceof RangeError) throw new OpsError('invalid_config', cause.message, { cause })
    throw cause
  }
}
