import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLenientJson } from '../../../src/normalization/providers/lenient-json.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null')

describe('parseLenientJson', () => {
  it('reads JSON as JSON.parse does', () => {
    const shallow = fc.jsonValue({ maxDepth: 8 }).filter((value) => typeof value !== 'number')
    fc.assert(
      fc.property(shallow, (value) => {
        const text = JSON.stringify(value)
        expect(plain(parseLenientJson(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps what came before the cut, wherever the text is cut', () => {
    const text =
      '{"error": {"type": "overloaded_error", "message": "Too \\"busy\\" \\u00e9"}, "request_id": "req_1"}'
    for (let length = 0; length <= text.length; length++) {
      const read = parseLenientJson(text.slice(0, length))
      const { error, request_id: requestId } = (read ?? {}) as {
        error?: Record<string, string>
        request_id?: string
      }
      if (length >= text.indexOf(', "message"')) expect(error?.type).toBe('overloaded_error')
      if (length >= text.indexOf('}, "request')) expect(error?.message).toBe('Too "busy" é')
      expect('Too "busy" é'.startsWith(error?.message ?? '')).toBe(true)
      expect('req_1'.startsWith(requestId ?? '')).toBe(true)
    }
  })

  it('drops a number and a word that the cut may have shortened', () => {
    expect(plain(parseLenientJson('{"a":1,"code":42'))).toEqual({ a: 1 })
    expect(plain(parseLenientJson('{"a":true,"b":tru'))).toEqual({ a: true })
  })

  it('reads the repr of a Python dict', () => {
    const text = `{'error': {'message': "it's \\'late\\'", 'param': None, 'flag': True, 'n': -1.5, 'list': ['a', 'b']}} trailing`
    expect(plain(parseLenientJson(text))).toEqual({
      error: { message: "it's 'late'", param: null, flag: true, n: -1.5, list: ['a', 'b'] },
    })
  })

  it('keeps __proto__ a mere key', () => {
    const read = parseLenientJson('{"__proto__":{"polluted":1},"message":"m"') as Record<string, unknown>
    expect(read.message).toBe('m')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(read.polluted).toBeUndefined()
  })

  it('stops at a depth that no error has', () => {
    expect(() => parseLenientJson('['.repeat(1_000_000))).not.toThrow()
    expect(() => parseLenientJson('{"a":'.repeat(1_000_000))).not.toThrow()
  })
})
