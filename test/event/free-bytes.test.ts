import { describe, expect, it } from 'vitest'
import { freeBytes } from '../../src/event/free-bytes.ts'

describe('giving memory back', () => {
  it.each([8 * 1024, 20_000, 100_000, 2 ** 20])(
    'empties a buffer of %d bytes, and each view of it',
    (bytes) => {
      const buffer = Buffer.allocUnsafeSlow(bytes)
      const view = buffer.subarray(100, 200)
      freeBytes(view)
      expect(buffer.length).toBe(0)
      expect(view.length).toBe(0)
    },
  )

  it("empties a buffer of the pool's size that is all of its memory, as a read of a socket brings it", () => {
    const buffer = Buffer.allocUnsafeSlow(Buffer.poolSize)
    freeBytes(buffer)
    expect(buffer.length).toBe(0)
  })

  it('leaves the pool alone that Node cuts small buffers from', () => {
    const buffers = Array.from({ length: 20 }, (_, index) => Buffer.allocUnsafe(10_000).fill(index))
    expect(buffers[0]?.buffer.byteLength).toBe(Buffer.poolSize)
    for (const buffer of buffers.slice(0, 10)) freeBytes(buffer)
    expect(buffers.map((buffer, index) => buffer.every((byte) => byte === index))).toEqual(
      buffers.map(() => true),
    )
  })

  it('does nothing for small buffers, and for memory that threads share', () => {
    const small = Buffer.allocUnsafeSlow(1000)
    const shared = new Uint8Array(new SharedArrayBuffer(100_000))
    freeBytes(small)
    freeBytes(shared)
    expect([small.length, shared.length]).toEqual([1000, 100_000])
  })
})
