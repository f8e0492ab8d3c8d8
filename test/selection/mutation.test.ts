import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Encoding, Signal } from '../../src/event/selected-event.ts'
import { MalformedOtlpError } from '../../src/event/selected-event.ts'
import { createSelector, type Selection } from './create-selector.ts'
import type { Choose } from './otlp-arbitrary.ts'
import { choices, otlpRequest } from './otlp-arbitrary.ts'
import { encodeProtobuf } from './otlp-proto.ts'
import { referenceFromProtobuf } from './reference-selection.ts'
import { writeJson } from './write-json.ts'

const select = createSelector({ exceptionEvents: true })
const settings = { numRuns: 800 }

/** Undefined for malformed bytes; any other error than that one fails the test. */
function selectOrRefuse(signal: Signal, encoding: Encoding, body: Uint8Array): Selection | undefined {
  try {
    return select(signal, encoding, body)
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedOtlpError)
    return undefined
  }
}

function mutate(body: Buffer, choose: Choose): Buffer {
  const at = choose(body.length + 1)
  const before = body.subarray(0, at)
  const after = body.subarray(at)
  const byte = choose(256)
  switch (choose(6)) {
    case 0:
      return before
    case 1:
      return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
    case 2:
      return Buffer.concat([before, Buffer.from([(body[at] ?? 0) ^ (1 << (byte % 8))]), after.subarray(1)])
    case 3:
      return Buffer.concat([before, after.subarray(1 + (byte % 8))])
    case 4:
      return Buffer.concat([before, Buffer.from([byte, 0x80, 0xff, 0x22]).subarray(0, 1 + (byte % 4)), after])
    default:
      // A varint or a length in more bytes than it had.
      return Buffer.concat([before, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), after.subarray(1)])
  }
}

function mutations(body: Buffer, choose: Choose): Buffer {
  let mutated = body
  for (let count = choose(3); count >= 0; count--) mutated = mutate(mutated, choose)
  return mutated
}

describe.each(['traces', 'logs'] as const)('damaged %s', (signal) => {
  it('in protobuf are selected from or refused, and never read in another way than protobufjs reads them', () => {
    fc.assert(
      fc.property(otlpRequest(signal), choices, (request, choose) => {
        const body = mutations(encodeProtobuf(signal, request), choose)
        const selection = selectOrRefuse(signal, 'protobuf', body)
        const expected = orUndefined(() => referenceFromProtobuf(signal, body, true))
        if (selection !== undefined && expected !== undefined) expect(selection).toEqual(expected)
      }),
      settings,
    )
  })

  it('in JSON are selected from or refused, and refused whenever they are not JSON', () => {
    fc.assert(
      fc.property(otlpRequest(signal), choices, (request, choose) => {
        const body = mutations(writeJson(request, choose), choose)
        const selection = selectOrRefuse(signal, 'json', body)
        if (selection !== undefined) expect(() => JSON.parse(body.toString())).not.toThrow()
      }),
      settings,
    )
  })

  it('in JSON within what is skipped are refused exactly when JSON.parse refuses them', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), choices, (value, choose) => {
        const skipped = mutations(Buffer.from(JSON.stringify(value, null, choose(3))), choose)
        const body = Buffer.concat([Buffer.from('{"skipped":'), skipped, Buffer.from('}')])
        const isJson = orUndefined(() => JSON.parse(body.toString())) !== undefined
        expect(selectOrRefuse(signal, 'json', body) !== undefined).toBe(isJson)
      }),
      settings,
    )
  })

  it.each(['protobuf', 'json'] as const)(
    'cut off at any byte are selected from or refused: %s',
    (encoding) => {
      const [request] = fc.sample(otlpRequest(signal), { numRuns: 1, seed: 8 })
      const body = encoding === 'json' ? writeJson(request ?? {}) : encodeProtobuf(signal, request ?? {})
      expect(body.length).toBeGreaterThan(200)
      for (let length = 0; length < body.length; length++) {
        const selection = selectOrRefuse(signal, encoding, body.subarray(0, length))
        if (encoding === 'json') expect(selection).toBeUndefined()
      }
    },
  )
})

it('random bytes are selected from or refused', () => {
  const encodings = fc.constantFrom<Encoding>('protobuf', 'json')
  fc.assert(
    fc.property(
      fc.constantFrom<Signal>('traces', 'logs'),
      encodings,
      fc.uint8Array(),
      (signal, encoding, body) => {
        selectOrRefuse(signal, encoding, body)
      },
    ),
    settings,
  )
})

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
