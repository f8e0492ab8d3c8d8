const segmentPattern = /^(\d{16})-([0-9a-f]{32})\.segment$/
const spareSuffix = '.preparing'
const sparePattern = /^[0-9a-f]{32}\.preparing$/

/**
 * The file name repeats first sequence and UUID, so that the frames of a segment whose header is damaged can still
 * be read, and sorts as the sequences do.
 */
export function segmentName(firstSequence: number, uuid: Buffer): string {
  return `${String(firstSequence).padStart(16, '0')}-${uuid.toString('hex')}.segment`
}

/** The parts of a segment's name; undefined for any other name. */
export function parseSegmentName(name: string): { firstSequence: number; uuid: Buffer } | undefined {
  const match = segmentPattern.exec(name)
  if (match === null) return undefined
  const firstSequence = Number(match[1])
  return Number.isSafeInteger(firstSequence)
    ? { firstSequence, uuid: Buffer.from(match[2] ?? '', 'hex') }
    : undefined
}

/** The name of a file that is being filled with zeros and holds no record yet. */
export function spareName(uuid: Buffer): string {
  return `${uuid.toString('hex')}${spareSuffix}`
}

export function isSpareName(name: string): boolean {
  return sparePattern.test(name)
}
