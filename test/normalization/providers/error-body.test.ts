import { describe, expect, it } from 'vitest'
import { readErrorBody } from '../../../src/normalization/providers/error-body.ts'

const error = { error: { type: 'overloaded_error', message: 'Overloaded' } }

describe('readErrorBody', () => {
  it.each([
    ['JSON', JSON.stringify(error)],
    ['JSON after a byte order mark and blanks', `\uFEFF \n${JSON.stringify(error)}`],
    ['an array, after elements without an error', JSON.stringify([{ candidates: [] }, error])],
    ['JSON in the message', JSON.stringify({ error: { code: 529, message: JSON.stringify(error) } })],
    [
      'JSON in the message in the message',
      JSON.stringify({ error: { message: JSON.stringify({ error: { message: JSON.stringify(error) } }) } }),
    ],
    ['JSON in a string error', JSON.stringify({ error: JSON.stringify(error) })],
    ['JSON in the message of an array', JSON.stringify([{ error: { message: JSON.stringify([error]) } }])],
    ['an SSE event', `event: error\ndata: ${JSON.stringify(error)}\n\n`],
    ['an SSE event with CRLF and no space', `event:error\r\ndata:${JSON.stringify(error)}\r\n\r\n`],
    [
      'the last data line, cut off before its end',
      `data: {"a":1}\n\ndata: ${JSON.stringify(error).slice(0, -2)}`,
    ],
    ['SSE after a comment', `: keep-alive\n\ndata: ${JSON.stringify(error)}\n\ndata: [DONE]\n\n`],
    [
      'the tail of a stream larger than the limit',
      `data: ${'x'.repeat(200_000)}\n\ndata: ${JSON.stringify(error)}\n\n`,
    ],
  ])('finds the error in %s', (_, body) => {
    expect(readErrorBody(body, '').json).toMatchObject(error)
  })

  it('does not take model output that speaks of an error for one', () => {
    const stream = 'data: {"choices":[{"delta":{"content":"{\\"error\\": {\\"message\\": \\"no\\"}}"}}]}\n\n'
    expect(readErrorBody(stream.repeat(40), '')).toEqual({ json: {}, text: '' })
  })

  it('keeps the outer error when the inner JSON is none', () => {
    const body = JSON.stringify({ error: { type: 't', message: '[1, 2] is not allowed' } })
    expect(readErrorBody(body, '').json).toMatchObject({
      error: { type: 't', message: '[1, 2] is not allowed' },
    })
  })

  it.each([
    ['<html><head><TITLE>502 Bad Gateway</TITLE></head><body>x</body></html>', '502 Bad Gateway'],
    ['<html><body><h1>Oops &amp; sorry</h1></body></html>', 'Oops & sorry'],
    ['<p>Too <b>many</b>\n requests</p><script>var a = "<x>"</script>', 'Too many requests'],
    ['<html><head><title>  </title></head><body>text</body></html>', 'text'],
    ['<html', ''],
    ['<script>never closed', ''],
  ])('reads the text of %s', (body, text) => {
    expect(readErrorBody(body, '').text).toBe(text)
  })

  it('looks into the message only when there is no body', () => {
    const message = `429 ${JSON.stringify(error)}`
    expect(readErrorBody(' \n', message).json).toMatchObject(error)
    expect(readErrorBody('Bad Gateway', message)).toEqual({ json: {}, text: 'Bad Gateway' })
  })
})
