import { join } from 'node:path'
import { type JournalFileSystem, nodeFileSystem } from './file-system.ts'
import { framePrefix } from './frame.ts'
import { quarantineFolder } from './quarantine.ts'
import { type FoundSegment, findSegments } from './read-segment-header.ts'
import { type LocatedFrame, scanSegment } from './scan-segment.ts'
import { segmentHeaderBytes } from './segment-header.ts'
import { isSpareName, parseSegmentName } from './segment-name.ts'

export interface InspectedSegment {
  readonly name: string
  readonly header: 'valid' | 'damaged'
  readonly fileBytes: number
  readonly records: number
  readonly payloadBytes: number
  /** Undefined if there is no record. */
  readonly firstSequence: number | undefined
  readonly lastSequence: number | undefined
  /** Unix ms. */
  readonly firstAppendedAtMs: number | undefined
  readonly lastAppendedAtMs: number | undefined
  readonly damagedPlaces: number
  readonly damagedBytes: number
  /** Bytes after the last record that are not zero: a commit that did not finish, or is running. */
  readonly tornBytes: number
}

export interface JournalInspection {
  readonly segments: readonly InspectedSegment[]
  readonly records: number
  readonly payloadBytes: number
  readonly diskBytes: number
  readonly firstSequence: number | undefined
  readonly lastSequence: number | undefined
  readonly spareFiles: number
  readonly strayFiles: readonly string[]
  readonly quarantinedFiles: readonly string[]
}

/**
 * Reads a whole journal directory without changing or locking it, so it may be called beside a running sidecar; the
 * newest segment is then seen in the middle of its life. Throws JournalVersionError and the system's errors.
 */
export async function inspectJournal(
  directory: string,
  fileSystem: JournalFileSystem = nodeFileSystem,
): Promise<JournalInspection> {
  const names = await fileSystem.list(directory)
  const found = await findSegments(fileSystem, directory, names)
  const segments: InspectedSegment[] = []
  for (const [index, segment] of found.entries()) {
    const endSequence = found[index + 1]?.header?.previousEndSequence ?? Number.POSITIVE_INFINITY
    segments.push(await inspectSegment(fileSystem, directory, segment, endSequence))
  }
  const withRecords = segments.filter(({ records }) => records > 0)
  return {
    segments,
    records: sum(segments, ({ records }) => records),
    payloadBytes: sum(segments, ({ payloadBytes }) => payloadBytes),
    diskBytes: sum(segments, ({ fileBytes }) => fileBytes),
    firstSequence: withRecords[0]?.firstSequence,
    lastSequence: withRecords.at(-1)?.lastSequence,
    spareFiles: names.filter(isSpareName).length,
    strayFiles: names.filter((name) => !isSpareName(name) && parseSegmentName(name) === undefined),
    quarantinedFiles: await fileSystem.list(join(directory, quarantineFolder)),
  }
}

async function inspectSegment(
  fileSystem: JournalFileSystem,
  directory: string,
  found: FoundSegment,
  endSequence: number,
): Promise<InspectedSegment> {
  const { name, fileBytes } = found
  let payloadBytes = 0
  let damagedPlaces = 0
  let damagedBytes = 0
  let tornBytes = 0
  let first: LocatedFrame | undefined
  let last: LocatedFrame | undefined
  let records = 0
  const file = await fileSystem.open(join(directory, name), 'read')
  try {
    const range = { prefix: framePrefix(found.uuid), fromOffset: segmentHeaderBytes, endOffset: fileBytes }
    for await (const step of scanSegment(file, range)) {
      if (step.kind === 'damage') {
        damagedPlaces++
        damagedBytes += step.bytes
      } else if (step.kind === 'end') {
        tornBytes = step.tornBytes
      } else {
        for (const frame of step.frames) {
          if (frame.sequence > endSequence) continue
          first ??= frame
          last = frame
          records++
          payloadBytes += frame.payload.length
        }
      }
    }
  } finally {
    await file.close()
  }
  return {
    name,
    header: found.header === undefined ? 'damaged' : 'valid',
    fileBytes,
    records,
    payloadBytes,
    firstSequence: first?.sequence,
    lastSequence: last?.sequence,
    firstAppendedAtMs: first?.appendedAtMs,
    lastAppendedAtMs: last?.appendedAtMs,
    damagedPlaces,
    damagedBytes,
    tornBytes,
  }
}

function sum<Item>(items: readonly Item[], amountOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0)
}
