import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cityHash128 } from '../../../src/store/http-interface/city-hash.ts'
import { inflateBlocks, writeBlocks } from '../../../src/store/http-interface/compressed-blocks.ts'
import { inflateLz4 } from '../../../src/store/http-interface/lz4-block.ts'

const chunked = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  )
const inflate = (bytes: Buffer, size = 7) => buffer(Readable.from(inflateBlocks(chunked(bytes, size))))
const write = (...chunks: Buffer[]) => buffer(Readable.from(writeBlocks(Readable.from(chunks))))

/** A block as a client sends it. */
function block(method: number, data: Buffer, size: number): Buffer {
  const checked = Buffer.alloc(9 + data.length)
  checked[0] = method
  checked.writeUInt32LE(checked.length, 1)
  checked.writeUInt32LE(size, 5)
  data.copy(checked, 9)
  return Buffer.concat([cityHash128(checked), checked])
}

describe('compressed blocks', () => {
  it('come back as what they were, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 600 })),
        fc.integer({ min: 1, max: 100 }),
        async (chunks, size) => {
          const whole = Buffer.concat(chunks)
          const written = await write(...chunks.map((chunk) => Buffer.from(chunk)))
          expect((await inflate(written, size)).equals(whole)).toBe(true)
        },
      ),
    )
  })

  it('are read in every method', async () => {
    const text = Buffer.from('abc'.repeat(50))
    // Literals abc, then a match of 147 bytes, 3 bytes back, of which none is new; then the end without literals.
    const lz4 = Buffer.from([0x3f, 97, 98, 99, 3, 0, 147 - 4 - 15, 0])
    expect((await inflate(block(0x82, lz4, 150))).equals(text)).toBe(true)
    expect((await inflate(block(0x90, zstdCompressSync(text), 150))).equals(text)).toBe(true)
    expect((await inflate(block(0x02, text, 150))).equals(text)).toBe(true)
  })

  it('are refused when they are damaged', async () => {
    const good = await write(Buffer.from('some bytes'))
    for (let index = 0; index < good.length; index++) {
      const bad = Buffer.from(good)
      bad[index] = (bad[index] ?? 0) ^ 0x40
      await expect(inflate(bad), `byte ${index}`).rejects.toThrow(/CHECKSUM_DOESNT_MATCH|CANNOT_DECOMPRESS/)
    }
    await expect(inflate(good.subarray(0, -1))).rejects.toThrow('CANNOT_DECOMPRESS')
    await expect(inflate(block(0x82, Buffer.from([0x0f, 9, 0, 0]), 100))).rejects.toThrow('points outside')
    await expect(inflate(block(0x42, Buffer.from('x'), 1))).rejects.toThrow('Unknown method')
  })

  it('never make an LZ4 reader leave its data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 500 }), (data, size) => {
        try {
          expect(inflateLz4(Buffer.from(data), size)).toHaveLength(size)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('CityHash128', () => {
  // Made with github.com/go-faster/city, the hash of ClickHouse's own Go driver.
  it.each([
    [0, '3df09dfc64c09a2b', '3cb540c392e51e29'],
    [1, '8be55b379cce0e40', '5ab4744478b1cba'],
    [3, 'e407deda7bb0f294', 'a3a0d146e27f1bd'],
    [4, '905dcb2063ae124f', '57fd5b5954a593c5'],
    [7, 'd7ba2459ab7c2913', '53dd430b513ca460'],
    [8, 'f5a4ca47208136a0', '3dd4575b3d46e5ab'],
    [9, '338434c54a2565e1', '1001bbb07bd33771'],
    [15, 'd956065c63d9ab15', '9623caadd0037b73'],
    [16, '3f3a3275564b7f48', 'b48a2a7a16bac60b'],
    [17, 'aee34bf68bb2e0a2', 'e0d6910555f00b87'],
    [24, '5adfe1a6eab14c05', 'f76c0804fe96ed75'],
    [31, '9b7f93e5ecfaed63', 'd646e40154fb0d6b'],
    [32, '250e8c8007bfad61', 'e42486b6776ae8db'],
    [33, '4e495b057af3b520', 'abae1d24f18410b5'],
    [40, '8a9aaebbf577b904', 'efb4c919bad434a6'],
    [64, 'e225cf33b373dc02', '8d252ce5152d6d96'],
    [100, '49c189a397bdadee', 'e8155bdfd58d3d3'],
    [127, 'c244dc8a06ce8c41', 'f30e2cf6b33629a6'],
    [128, 'ba863c0c70f32346', '24b156fc6f3c170a'],
    [129, '238598064c8ee2f1', '6c89b9263ef7410b'],
    [143, '59abee69ce16e6a3', '83e91d7a8903bfbe'],
    [144, '2ca82631884c46a7', '71edb8d50338bb1f'],
    [145, '9ccb0be2ac158b86', '27659f0bca6350e'],
    [160, '5cb38c23f218820b', '28eec84c96793879'],
    [200, '67b5c9a4f885f24b', 'b4a0f54a58082487'],
    [255, 'c87d0f456f6a514b', 'f35b13ec94eb8a52'],
    [256, 'b1cfa883f958dcfa', '39f0dfb3be182292'],
    [257, 'd4cb7b11f9ef2055', 'ae5243f6dbcd4c28'],
    [271, '932820d1fe2bd810', 'ad61c682c09d9457'],
    [272, '6bfe947d19137698', 'aef56ae99e1966e0'],
    [300, 'ad7d1f77d7e62c5', '702d3372375ccf2'],
    [1000, '597ff4957972ad7e', '7f39a4abd7c010e1'],
    [4096, '1bd11ecfd108678f', '723d5024904233bb'],
  ] as const)('is that of ClickHouse, of %i bytes', (length, low, high) => {
    const digest = cityHash128(Buffer.from(Array.from({ length }, (_, index) => (index * 31 + 7) % 256)))
    expect([digest.readBigUInt64LE(0).toString(16), digest.readBigUInt64LE(8).toString(16)]).toEqual([
      low,
      high,
    ])
  })
})
