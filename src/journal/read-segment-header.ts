import { join } from 'node:path'
import { errorCode, type JournalFileSystem } from './file-system.ts'
import { readFully } from './scan-segment.ts'
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './segment-header.ts'
import { parseSegmentName } from './segment-name.ts'

/** A segment file of a format that this version does not know. Nothing was changed on disk. */
export class JournalVersionError extends Error {
  readonly code = 'journal_version_unknown'
  override readonly name = 'JournalVersionError'
  readonly path: string
  readonly version: number

  constructor(path: string, version: number) {
    super(`journal segment ${path} has format version ${version}, which this version cannot read`)
    this.path = path
    this.version = version
  }
}

/** What is known of a segment file before its frames are read. */
export interface FoundSegment {
  readonly name: string
  readonly uuid: Buffer
  readonly firstSequence: number
  readonly fileBytes: number
  /** Undefined if damaged or unreadable; uuid and first sequence are then those of the name. */
  readonly header: SegmentHeader | undefined
  /** The system's error code, if the file could not be read. */
  readonly cause: string | undefined
}

/** The segments among the names, in order of their sequences. Throws JournalVersionError. */
export async function findSegments(
  fileSystem: JournalFileSystem,
  directory: string,
  names: readonly string[],
): Promise<readonly FoundSegment[]> {
  const found: FoundSegment[] = []
  for (const name of names) {
    const parsed = parseSegmentName(name)
    if (parsed === undefined) continue
    const segment = await readSegmentHeader(fileSystem, directory, name, parsed)
    if (segment !== undefined) found.push(segment)
  }
  return found.sort((a, b) => a.firstSequence - b.firstSequence)
}

async function readSegmentHeader(
  fileSystem: JournalFileSystem,
  directory: string,
  name: string,
  parsed: { firstSequence: number; uuid: Buffer },
): Promise<FoundSegment | undefined> {
  const path = join(directory, name)
  let fileBytes = 0
  let block: Buffer
  try {
    const file = await fileSystem.open(path, 'read')
    try {
      fileBytes = await file.size()
      block = await readFully(file, 0, segmentHeaderBytes)
    } finally {
      await file.close()
    }
  } catch (error) {
    const cause = errorCode(error)
    return cause === 'ENOENT' ? undefined : { name, ...parsed, fileBytes, header: undefined, cause }
  }
  const decoded = decodeSegmentHeader(block)
  if (decoded.status === 'unknown_version') throw new JournalVersionError(path, decoded.version)
  if (decoded.status === 'damaged') return { name, ...parsed, fileBytes, header: undefined, cause: undefined }
  const { header } = decoded
  return { name, uuid: header.uuid, firstSequence: header.firstSequence, fileBytes, header, cause: undefined }
}
