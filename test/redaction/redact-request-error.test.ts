import { describe, expect, it } from 'vitest'
import type { RequestErrorEvent } from '../../src/event/request-error-event.ts'
import { requestErrorColumns } from '../../src/event/tables.ts'
import { stringOf } from '../../src/event/utf8-text.ts'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { createRequestErrorRedaction } from '../../src/redaction/redact-request-error.ts'

const redact = createRequestErrorRedaction(
  createRedactor({ bodies: { default: 'redact', byPlatform: new Map() } }),
  {
    maxBodyBytes: 100,
    maxTextBytes: 200,
    maxAttributes: 10,
    maxHeaderBytes: 500,
  },
)
const secret = `sk-ant-api03-${'aB3dE5gH'.repeat(6)}`

/** A record with every column empty, but for the given ones. */
function record(fields: Partial<RequestErrorEvent>): RequestErrorEvent {
  const empty = requestErrorColumns.map(({ name, type }) => {
    if (type.startsWith('Map')) return [name, new Map()]
    if (type === 'Bool') return [name, false]
    return [name, type.includes('Int') || type.startsWith('DateTime') ? 0 : '']
  })
  return { ...(Object.fromEntries(empty) as unknown as RequestErrorEvent), ...fields }
}

const textColumns = requestErrorColumns
  .filter(({ name, type }) => (type === 'String' || type === 'LowCardinality(String)') && name !== 'event_id')
  .map(({ name }) => name)

describe('the redaction of a final error record', () => {
  it.each(textColumns)('takes a secret out of %s', (column) => {
    const value = column === 'request_headers' ? JSON.stringify({ 'x-note': secret }) : `key ${secret}`
    const redacted = redact(record({ [column]: value }))
    expect(redacted[column as keyof RequestErrorEvent]).not.toContain(secret.slice(13, 40))
    expect(redacted[column as keyof RequestErrorEvent]).toContain('[REDACTED')
  })

  it('cuts bodies after that, and keeps their full size', () => {
    const redacted = redact(
      record({ request_body: 'x '.repeat(500), request_body_bytes: null, error_body: 'y '.repeat(300) }),
    )
    expect(Buffer.byteLength(stringOf(redacted.request_body))).toBeLessThanOrEqual(100)
    expect([redacted.request_body_bytes, redacted.error_body_bytes]).toEqual([1000, 600])
  })

  it('returns a clean record as it is', () => {
    const clean = record({ message: 'Upstream failed', status_code: 502, request_id: 'r1' })
    expect(redact(clean)).toBe(clean)
  })
})
