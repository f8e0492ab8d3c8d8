import { readdir } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvLine } from '../../src/api/csv.ts'
import { eventually } from '../support/eventually.ts'
import { event } from '../support/rows.ts'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

const hourMs = 3_600_000
const toMs = Math.floor(Date.now() / hourMs) * hourMs - hourMs
const fromMs = toMs - 6 * hourMs
const iso = (ms: number) => new Date(ms).toISOString()
const range = `from=${iso(fromMs)}&to=${iso(toMs)}`
const events = generateEvents(5000, fromMs, toMs, seeded(21))
const ids = events.map((item) => item.event_id)
let api: TestApi
let port: number
beforeAll(async () => {
  api = await openTestApi()
  await api.insert(events)
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  port = (api.app.server.address() as AddressInfo).port
})
afterAll(() => api.close())

interface Exported {
  status: number | undefined
  headers: IncomingMessage['headers']
  trailers: IncomingMessage['trailers']
  body: Buffer
  complete: boolean
}

/** Over a real connection; stops reading after `stopAfterBytes`. */
function download(query: string, stopAfterBytes = Number.POSITIVE_INFINITY): Promise<Exported> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', path: `/api/v1/upstream-errors/export?${range}&${query}` },
      (answer) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes >= stopAfterBytes) request.destroy()
        })
        answer.on('close', () =>
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            trailers: answer.trailers,
            body: Buffer.concat(chunks),
            complete: answer.complete,
          }),
        )
        answer.on('error', () => {})
      },
    )
    request.on('error', (error) => (stopAfterBytes === Number.POSITIVE_INFINITY ? reject(error) : undefined))
    request.end()
  })
}

const lines = (body: Buffer): Record<string, unknown>[] =>
  body
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
const idsOf = (body: Buffer) => lines(body).map((line) => line.event_id)

describe('an NDJSON export', () => {
  it('holds every event once, in order, in the shape of lists', async () => {
    const { headers, trailers, body, complete } = await download('')
    expect(complete).toBe(true)
    expect(headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'x-total-rows': '5000' })
    expect(trailers).toMatchObject({ 'x-rows': '5000', 'x-next-cursor': '' })
    expect(idsOf(body)).toEqual(ids)
    const listed = await api.get<{ events: unknown[] }>(`?${range}&order=oldest&limit=1`)
    expect(lines(body)[0]).toEqual(listed.body.events[0])
    expect(idsOf((await download('order=newest&fields=event_id')).body)).toEqual(ids.toReversed())
  })

  it('goes on by cursor where a limit ended it', async () => {
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const part = await download(`fields=event_id&limit=1999${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...idsOf(part.body))
      cursor = part.trailers['x-next-cursor']
    } while (cursor)
    expect(seen).toEqual(ids)
    expect((await download(`cursor=abc`)).status).toBe(400)
  })

  it('goes on after the last event that arrived when the connection broke', async () => {
    const broken = await download('', 300_000)
    expect(broken.complete).toBe(false)
    const whole = broken.body.subarray(0, broken.body.lastIndexOf('\n') + 1)
    const arrived = idsOf(whole)
    expect(arrived.length).toBeGreaterThan(100)
    expect(arrived.length).toBeLessThan(5000)
    const rest = await download(`after=${arrived.at(-1)}`)
    expect([...arrived, ...idsOf(rest.body)]).toEqual(ids)
    expect((await download('after=00000000-0000-4000-8000-000000000000')).status).toBe(400)
  })

  it('holds what the filters let pass and the columns asked for', async () => {
    const { headers, body } = await download(
      'platform=openai&status_code=5xx&fields=status_code,request_body',
    )
    const expected = events.filter((item) => item.platform === 'openai' && item.status_code >= 500)
    expect(headers['x-total-rows']).toBe(String(expected.length))
    expect(lines(body)).toEqual(
      expected.map((item) => ({
        event_id: item.event_id,
        created_at: iso(item.created_at),
        status_code: item.status_code,
        request_body: item.request_body || null,
      })),
    )
  })

  it('ends its queries when the client hangs up', async () => {
    await Promise.all(Array.from({ length: 8 }, () => download('', 1000)))
    await eventually(async () => expect((await download('limit=1')).status).toBe(200))
  })
})

describe('a CSV export', () => {
  it('has a header and a line for each event', async () => {
    const { headers, body } = await download(
      'format=csv&fields=status_code,stream,model,response_headers&limit=50',
    )
    expect(headers['content-type']).toContain('text/csv')
    expect(headers['content-disposition']).toBe('attachment; filename="upstream-errors.csv"')
    const expected = events
      .slice(0, 50)
      .map((item) =>
        csvLine([
          item.event_id,
          iso(item.created_at),
          item.model || null,
          item.stream,
          item.status_code,
          item.response_headers ? JSON.parse(item.response_headers) : null,
        ]),
      )
    expect(body.toString()).toBe(
      `event_id,created_at,model,stream,status_code,response_headers\r\n${expected.join('')}`,
    )
  })

  it.each([
    ['=1+1', `'=1+1`],
    ['+49', `'+49`],
    ['-2', `'-2`],
    ['@x', `'@x`],
    ['\tx', `'\tx`],
    ['\rx', `"'\rx"`],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['=cmd|"/c calc"!A1', `"'=cmd|""/c calc""!A1"`],
    ['two\nlines', '"two\nlines"'],
    ['plain = text', 'plain = text'],
  ])('writes %j so that no spreadsheet runs it', async (text, field) => {
    expect(csvLine([text, 5, null])).toBe(`${field},5,\r\n`)
  })

  it('keeps what the events hold', async () => {
    const nasty = event('nasty', fromMs - hourMs, {
      error_message: '=HYPERLINK("http://x")\nand "more", ünï',
    })
    await api.insert([nasty])
    const { text } = await api.get(
      `/export?format=csv&fields=error_message&from=${iso(fromMs - 2 * hourMs)}&to=${iso(fromMs)}`,
    )
    expect(text).toBe(
      `event_id,created_at,error_message\r\n${nasty.event_id},${iso(nasty.created_at)},"'=HYPERLINK(""http://x"")\nand ""more"", ünï"\r\n`,
    )
  })
})

describe('a Parquet export', () => {
  it('holds the same events, and leaves no file behind', async () => {
    const { status, headers, body } = await download('format=parquet&platform=openai')
    expect(status).toBe(200)
    expect(headers['x-total-rows']).toBe(String(events.filter((item) => item.platform === 'openai').length))
    const path = join(api.store.directory, 'copy.parquet')
    await (await import('node:fs/promises')).writeFile(path, body)
    const rows = await api.store.rows<Record<string, unknown>>(
      `SELECT event_id, toUnixTimestamp64Milli(created_at) AS ms, fingerprint, model, status_code FROM file('${path}', 'Parquet')`,
    )
    expect(rows).toEqual(
      events
        .filter((item) => item.platform === 'openai')
        .map((item) => ({
          event_id: item.event_id,
          ms: expect.toSatisfy((ms) => Number(ms) === item.created_at),
          fingerprint: item.fingerprint.toString(16).padStart(16, '0'),
          model: item.model,
          status_code: item.status_code,
        })),
    )
    expect((await download('format=parquet&limit=3')).status).toBe(200)
    await eventually(async () => expect(await readdir(join(api.store.directory, 'export'))).toEqual([]))
  })
})
