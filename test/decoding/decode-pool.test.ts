import { afterAll, describe, expect, it } from 'vitest'
import { createDecodeExport, type DecodedExport } from '../../src/decoding/decode-export.ts'
import { createDecodePool } from '../../src/decoding/decode-pool.ts'
import { MalformedOtlpError } from '../../src/event/selected-event.ts'
import { type EncodedRow, eventIdOf } from '../../src/event/tables.ts'
import { defaultRedaction } from '../../src/redaction/redaction-settings.ts'
import { span, traceExport, upstreamError } from '../support/otlp.ts'

const settings = {
  exceptionEvents: true,
  derivedRequestErrors: true,
  maxAgeMs: 86_400_000,
  bodyMaxBytes: 1000,
  redaction: defaultRedaction,
}
const pool = createDecodePool(2, settings)
afterAll(() => pool.stop())

const bytes = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body))
/** Rows by what tells them apart; `ingested_at` is the clock's. */
const ids = (rows: readonly EncodedRow[]) =>
  rows.map((row) => [
    Buffer.from(eventIdOf(row)).toString('hex'),
    row.createdAtMs,
    row.signal,
    row.bytes.length,
  ])

describe('decoding', () => {
  const body = bytes(
    traceExport([
      upstreamError({ 'ops.request.id': 'a', 'http.response.body.content': 'x'.repeat(5000) }),
      span({ events: [{ timeUnixNano: '0', attributes: { 'http.response.status_code': 500 } }] }),
      span({ events: [{ name: 'cache.miss' }] }),
    ]),
  )

  it('gives the same from a thread of the pool as from this one', async () => {
    const here = createDecodeExport(settings)('traces', 'json', body, false)
    const there = await pool.decode('traces', 'json', body, false)
    const comparable = (decoded: DecodedExport) => ({
      ...decoded,
      rows: ids(decoded.rows),
      releaseRows: undefined,
    })
    expect(comparable(there)).toEqual(comparable(here))
    expect(here).toMatchObject({
      itemCount: 3,
      eventCount: 3,
      selectedCount: 2,
      rejected: [{ reason: 'no_timestamp', itemIndex: 1 }],
    })
  })

  it('leaves bodies out when it is told to, and says how often', async () => {
    const whole = await pool.decode('traces', 'json', body, false)
    const shed = await pool.decode('traces', 'json', body, true)
    expect([whole.shedCount, shed.shedCount]).toEqual([0, 1])
    expect(shed.rows[0]?.bytes.length).toBeLessThan((whole.rows[0]?.bytes.length ?? 0) - 900)
    expect(Buffer.from(shed.rows[0]?.bytes ?? []).includes('ops.shed')).toBe(true)
  })

  it('rejects malformed bytes as such and goes on, many at a time', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        pool.decode('traces', 'json', index % 2 === 0 ? body : Buffer.from('{'), false),
      ),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(MalformedOtlpError)
  })
})
