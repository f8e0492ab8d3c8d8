import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { decodeCursor, encodeCursor, type ListPosition, requestDigest } from '../../store/cursor.ts'
import { countUpstreamErrors } from '../../store/queries/count-upstream-errors.ts'
import { findPosition } from '../../store/queries/find-position.ts'
import type { RestrictedReader, RunQuery } from '../../store/query.ts'
import { csvLine } from '../csv.ts'
import { errorAnswers } from '../event-schema.ts'
import { type ExportProgress, type ExportRequest, exportPages } from '../export-pages.ts'
import { querySchema } from '../filter-schema.ts'
import { presentEvent } from '../present-event.ts'
import { queriesOf } from '../query-request.ts'
import { isHeavy, readFields } from '../read-fields.ts'
import { filterTexts, readSelection } from '../read-selection.ts'
import { sendParquet } from '../send-parquet.ts'

const formats = ['ndjson', 'csv', 'parquet'] as const
const orders = ['oldest', 'newest'] as const
type Format = (typeof formats)[number]
const contentTypes = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
}

const pageRows = { light: 2000, heavy: 200 }
const maxExports = 8
const maxRows = 1_000_000_000

const exportQuery = querySchema({
  format: Type.Optional(
    Type.Union(
      formats.map((format) => Type.Literal(format)),
      { default: 'ndjson' },
    ),
  ),
  order: Type.Optional(
    Type.Union(
      orders.map((order) => Type.Literal(order)),
      { default: 'oldest' },
    ),
  ),
  fields: Type.Optional(
    Type.Array(Type.String({ maxLength: 1024 }), {
      maxItems: 64,
      description:
        'Columns, separated by commas; event_id and created_at are always there. Default: all but headers, bodies and attributes.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: maxRows, description: 'Most events. Default: all.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: 'Goes on where an export with `limit` ended: its trailer X-Next-Cursor.',
    }),
  ),
  after: Type.Optional(
    Type.String({
      pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
      description: 'Goes on after this event, the last one that arrived when a transfer broke off.',
    }),
  ),
})

const fileAnswer = {
  description: 'The events',
  content: Object.fromEntries(
    Object.values(contentTypes).map((type) => [type, { schema: Type.String({ format: 'binary' }) }]),
  ),
}

/** `GET /api/v1/upstream-errors/export`. */
export function exportRoute(reader: RestrictedReader, scratchDirectory: string): FastifyPluginAsyncTypebox {
  return async (app) => {
    // Left by a process that died.
    await rm(scratchDirectory, { recursive: true, force: true })
    let exports = 0
    app.get(
      '/api/v1/upstream-errors/export',
      {
        schema: {
          operationId: 'exportUpstreamErrors',
          tags: ['upstream errors'],
          summary: 'Upstream errors as a file of any size',
          description:
            'Streamed as it is read, in constant memory. X-Total-Rows is the number of events that match; the trailers X-Rows and X-Next-Cursor (empty at the end) of NDJSON and CSV tell what was sent. A transfer that ends without its last chunk is incomplete: repeat it with after. In CSV, text that a spreadsheet would take for a formula has an apostrophe in front.',
          querystring: exportQuery,
          response: { 200: fileAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        if (exports >= maxExports) throw new OpsError('overloaded', `${maxExports} exports run already`)
        exports++
        let counted = true
        reply.raw.once('close', () => {
          if (counted) exports--
          counted = false
        })
        const { query } = request
        const run = queriesOf(reader.run, request, reply)
        const selection = readSelection(query)
        const order = query.order ?? 'oldest'
        const columns = readFields(query.fields)
        const size = isHeavy(columns) ? 'heavy' : 'light'
        const digest = requestDigest({ ...filterTexts(query), order, from: query.from, to: query.to })
        const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, digest)
        const range = cursor?.range ?? selection.range
        const after = query.after === undefined ? cursor : await positionAfter(run, query.after.toLowerCase())
        const { count } = await countUpstreamErrors(run, range, selection.filters)
        const format = (query.format ?? 'ndjson') as Format
        const pages: ExportRequest = {
          range,
          filters: selection.filters,
          order,
          columns,
          after,
          pageRows: pageRows[size],
          maxRows: query.limit ?? maxRows,
        }
        // A connection that is kept alive after its stream would hold up the closing of the server.
        reply.header('connection', 'close')
        reply.header('content-type', contentTypes[format])
        reply.header('content-disposition', `attachment; filename="upstream-errors.${format}"`)
        reply.header('cache-control', 'no-store')
        reply.header('x-total-rows', count)
        reply.header(
          'x-range',
          `${new Date(range.fromMs).toISOString()}/${new Date(range.toMs).toISOString()}`,
        )
        if (format === 'parquet')
          return sendParquet(reader, scratchDirectory, { ...pages, limit: pages.maxRows }, request, reply)
        const progress: ExportProgress = { rows: 0, next: after }
        reply.trailer('x-rows', async () => String(progress.rows))
        reply.trailer('x-next-cursor', async () =>
          progress.next === undefined ? '' : encodeCursor({ ...progress.next, range }, digest),
        )
        const rows = exportPages(run, pages, progress)
        const text = format === 'csv' ? csvText(rows, columns) : ndjsonText(rows, columns)
        return (reply as FastifyReply).send(Readable.from(text))
      },
    )
  }
}

type Pages = AsyncIterable<readonly Parameters<typeof presentEvent>[0][]>

async function* ndjsonText(pages: Pages, columns: readonly string[]): AsyncGenerator<Buffer> {
  for await (const page of pages)
    yield Buffer.from(page.map((event) => `${JSON.stringify(presentEvent(event, columns))}\n`).join(''))
}

async function* csvText(pages: Pages, columns: readonly string[]): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(columns))
  for await (const page of pages) {
    const lines = page.map((event) => {
      const shown = presentEvent(event, columns)
      return csvLine(columns.map((name) => shown[name]))
    })
    yield Buffer.from(lines.join(''))
  }
}

async function positionAfter(run: RunQuery, eventId: string): Promise<ListPosition> {
  const position = await findPosition(run, eventId)
  if (position === undefined)
    throw new OpsError('invalid_parameter', `after: there is no event ${eventId}`, {
      extra: { parameter: 'after' },
    })
  return position
}
