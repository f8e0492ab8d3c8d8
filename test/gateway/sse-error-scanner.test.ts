import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSseErrorScanner } from '../../src/gateway/sse-error-scanner.ts'

/** Feeds text cut at these positions; the errors found, in order. */
function scan(text: string, cuts: readonly number[] = []): string[] {
  const scanner = createSseErrorScanner()
  const bytes = Buffer.from(text)
  const found: string[] = []
  const ends = [...new Set([...cuts, bytes.length])].sort((a, b) => a - b)
  let start = 0
  for (const end of ends) {
    const chunk = Uint8Array.from(bytes.subarray(start, end))
    const data = scanner.push(chunk)
    // The consumer may reuse the chunk's memory.
    chunk.fill(0)
    if (data !== undefined) found.push(data)
    start = end
  }
  const last = scanner.end()
  return last === undefined ? found : [...found, last]
}

const delta = 'data: {"choices":[{"delta":{"content":"\\"error\\": {\\"type\\": \\"error\\"}"}}]}\n\n'

describe('the scanner', () => {
  it.each([
    ['Anthropic', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'],
    ['chat completions', 'data: {"error":{"message":"x","type":"server_error"}}\n\n'],
    [
      'the Responses API',
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"code":"x"}}}\n\n',
    ],
    ['Gemini', 'data: {"error": {"code": 503, "status": "UNAVAILABLE"}}\r\n\r\n'],
    [
      'OpenRouter',
      ': OPENROUTER PROCESSING\n\ndata: {"id":"g","error":{"code":502},"choices":[{"finish_reason":"error"}]}\n\n',
    ],
    ['text that is no JSON', 'event: error\ndata: upstream connect error\n\n'],
  ])('finds the error event of %s', (_platform, event) => {
    expect(scan(delta + event)).toHaveLength(1)
  })

  it('gives the data of the event', () => {
    expect(scan(`${delta}event: error\ndata: {"type":"error"}\n\n`)).toEqual(['{"type":"error"}'])
  })

  it('finds an error that the stream ends with, without the blank line', () => {
    expect(scan(`${delta}data: {"error":{"message":"x"}}`)).toEqual(['{"error":{"message":"x"}}'])
  })

  it('passes over talk of errors and empty error members', () => {
    expect(
      scan(
        `${delta}event: response.created\ndata: {"type":"response.created","response":{"error":null}}\n\n`,
      ),
    ).toEqual([])
    expect(scan('data: {"error":null,"text":"\\"type\\":\\"error\\""}\n\n')).toEqual([])
  })

  it('finds the error after an event too long to hold, wherever the chunks are cut', () => {
    const long = `data: ${'x'.repeat(150_000)}\n\n`
    const text = `${delta}${long}event: error\ndata: {"n":1}\n\n`
    for (const size of [1_000, 65_536, 65_537, 70_000, text.length]) {
      const cuts = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => index * size)
      expect(scan(text, cuts)).toEqual(['{"n":1}'])
    }
  })

  it('finds the same wherever the chunks are cut', () => {
    const events = [
      delta,
      ': comment\n\n',
      'data: é ünïcode 🎈\r\n\r\n',
      'event: error\r\ndata: {"n":1}\r\n\r\n',
      'data: {"error":{"message":"boom"}}\n\n',
    ]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...events), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 30 }),
        (chosen, cuts) => {
          const text = chosen.join('')
          const length = Buffer.byteLength(text)
          const first = scan(text)[0]
          expect(
            scan(
              text,
              cuts.filter((cut) => cut < length),
            )[0],
          ).toBe(first)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
