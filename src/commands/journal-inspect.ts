import type { Config } from '../config.ts'
import { readCheckpoint } from '../delivery/checkpoint.ts'
import { inspectJournal } from '../journal/inspect.ts'
import { checkpointPath, journalDirectory } from '../open-configured-journal.ts'

/** Prints what the journal holds: segments, records, lag, quarantine. Changes nothing; a sidecar may be running. */
export async function printJournal(config: Pick<Config, 'dataDir'>, asJson: boolean): Promise<void> {
  const directory = journalDirectory(config)
  const [journal, checkpoint] = await Promise.all([
    inspectJournal(directory),
    readCheckpoint(checkpointPath(config)),
  ])
  const delivered = checkpoint?.delivered ?? 0
  const lastSequence = journal.lastSequence ?? 0
  const summary = { directory, delivered, waiting_records: Math.max(0, lastSequence - delivered), ...journal }
  if (asJson) {
    process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
    return
  }
  const lines = [
    `journal      ${directory}`,
    `records      ${journal.records} (${journal.payloadBytes} bytes), sequences ${journal.firstSequence ?? '-'} to ${journal.lastSequence ?? '-'}`,
    `delivered    up to ${delivered}${checkpoint?.frozen ? `; ${checkpoint.frozen.batches.length} batches frozen up to ${checkpoint.frozen.upTo}` : ''}`,
    `waiting      ${summary.waiting_records} records`,
    `on disk      ${journal.diskBytes} bytes in ${journal.segments.length} segments, ${journal.spareFiles} spare`,
    `quarantine   ${journal.quarantinedFiles.length === 0 ? 'empty' : journal.quarantinedFiles.join(', ')}`,
    '',
    `${'segment'.padEnd(44) + 'records'.padStart(10) + 'bytes'.padStart(14) + '  sequences'.padEnd(26) + 'newest'.padEnd(26)}damage`,
    ...journal.segments.map(segmentLine),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

type Segment = Awaited<ReturnType<typeof inspectJournal>>['segments'][number]

function segmentLine(segment: Segment): string {
  const sequences = segment.records === 0 ? '-' : `${segment.firstSequence} to ${segment.lastSequence}`
  const newest =
    segment.lastAppendedAtMs === undefined ? '-' : new Date(segment.lastAppendedAtMs).toISOString()
  const damage = [
    segment.header === 'damaged' ? 'header' : '',
    segment.damagedPlaces > 0 ? `${segment.damagedBytes} bytes in ${segment.damagedPlaces} places` : '',
    segment.tornBytes > 0 ? `${segment.tornBytes} bytes torn` : '',
  ].filter((part) => part !== '')
  return (
    segment.name.padEnd(44) +
    String(segment.records).padStart(10) +
    String(segment.payloadBytes).padStart(14) +
    `  ${sequences}`.padEnd(26) +
    newest.padEnd(26) +
    (damage.join(', ') || 'none')
  )
}
