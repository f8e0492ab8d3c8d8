import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeFrame, frameHeaderBytes, framePrefix } from '../../src/journal/frame.ts'
import { scanSegment } from '../../src/journal/scan-segment.ts'
import { createDisk } from './open-memory-journal.ts'

const prefix = framePrefix(Buffer.alloc(16, 3))

type Piece = { kind: 'frame'; payload: Uint8Array } | { kind: 'noise'; bytes: Uint8Array }

const frame = fc.uint8Array({ maxLength: 400 }).map((payload): Piece => ({ kind: 'frame', payload }))
const noise = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 255 }))
  .map(([length, byte]): Piece => ({ kind: 'noise', bytes: new Uint8Array(length).fill(byte) }))
const anyPiece = fc.oneof({ weight: 3, arbitrary: frame }, { weight: 1, arbitrary: noise })

function layOut(pieces: readonly Piece[]) {
  const parts: Buffer[] = []
  const sequences: number[] = []
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'noise') {
      parts.push(Buffer.from(piece.bytes))
      continue
    }
    const { payload } = piece
    const frame = Buffer.alloc(frameHeaderBytes + payload.length)
    encodeFrame(frame, 0, prefix, { sequence: index + 1, appendedAtMs: 0, commitIndex: 0, payload })
    parts.push(frame)
    sequences.push(index + 1)
  }
  return { bytes: Buffer.concat(parts), sequences }
}

it('finds each frame and each place of damage, whatever the size of its chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyPiece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 200 }),
      async (pieces, chunkBytes) => {
        const { bytes, sequences } = layOut(pieces)
        const disk = createDisk()
        disk.put('/segment', bytes)
        const file = await disk.mount().open('/segment', 'read')
        const found: number[] = []
        let covered = 0
        for await (const step of scanSegment(file, {
          prefix,
          fromOffset: 0,
          endOffset: bytes.length,
          chunkBytes,
        })) {
          if (step.kind === 'frames') {
            for (const frame of step.frames) {
              expect(frame.offset).toBe(covered)
              covered += frame.bytes
              found.push(frame.sequence)
            }
          } else {
            expect(step.offset).toBe(covered)
            covered += step.kind === 'damage' ? step.bytes : step.tornBytes
          }
        }
        expect(found).toEqual(sequences)
        expect(bytes.subarray(covered).every((byte) => byte === 0)).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
