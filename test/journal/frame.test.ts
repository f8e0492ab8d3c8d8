import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeFrame,
  encodeFrame,
  findFrameStart,
  frameHeaderBytes,
  framePrefix,
} from '../../src/journal/frame.ts'

const prefix = framePrefix(Buffer.alloc(16, 7))
const otherPrefix = framePrefix(Buffer.alloc(16, 8))

const anyFrame = fc.record({
  sequence: fc.maxSafeNat(),
  appendedAtMs: fc.maxSafeNat(),
  commitIndex: fc.nat(2 ** 32 - 1),
  payload: fc.uint8Array({ maxLength: 300 }),
})

function encoded(frame: {
  sequence: number
  appendedAtMs: number
  commitIndex: number
  payload: Uint8Array
}): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + frame.payload.length)
  expect(encodeFrame(bytes, 0, prefix, frame)).toBe(bytes.length)
  return bytes
}

describe('frame', () => {
  it('is read as it was written, at any offset', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(100), (frame, offset) => {
        const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), encoded(frame), Buffer.alloc(9, 0xff)])
        const decoded = decodeFrame(bytes, offset, prefix)
        expect(decoded.status).toBe('frame')
        if (decoded.status !== 'frame') return
        expect(decoded.bytes).toBe(frameHeaderBytes + frame.payload.length)
        expect({ ...decoded.frame, payload: Uint8Array.from(decoded.frame.payload) }).toEqual(frame)
      }),
    )
  })

  it('is invalid with any bit flipped, unless the bit makes it longer than the bytes', () => {
    const bytes = encoded({ sequence: 5, appendedAtMs: 1, commitIndex: 0, payload: Buffer.from('payload') })
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const { status } = decodeFrame(flipped, 0, prefix)
      if (bit >> 3 >= 48 && bit >> 3 < 52) expect(['invalid', 'incomplete']).toContain(status)
      else expect(status).toBe('invalid')
    }
  })

  it('of another segment is invalid', () => {
    const bytes = encoded({ sequence: 5, appendedAtMs: 1, commitIndex: 0, payload: Buffer.from('payload') })
    expect(decodeFrame(bytes, 0, otherPrefix).status).toBe('invalid')
  })

  it('is incomplete when it is cut, and says how many bytes it has', () => {
    const bytes = encoded({ sequence: 5, appendedAtMs: 1, commitIndex: 0, payload: Buffer.from('payload') })
    for (let length = 0; length < bytes.length; length++) {
      const needed = length < frameHeaderBytes ? frameHeaderBytes : bytes.length
      expect(decodeFrame(bytes.subarray(0, length), 0, prefix)).toEqual({
        status: 'incomplete',
        bytesNeeded: needed,
      })
    }
  })

  it('is found again behind other bytes', () => {
    const bytes = encoded({ sequence: 5, appendedAtMs: 1, commitIndex: 0, payload: Buffer.from('payload') })
    const source = Buffer.concat([Buffer.alloc(77, 1), bytes])
    expect(findFrameStart(source, 0, prefix)).toBe(77)
    expect(findFrameStart(source, 78, prefix)).toBe(-1)
    expect(findFrameStart(source, 0, otherPrefix)).toBe(-1)
  })
})
