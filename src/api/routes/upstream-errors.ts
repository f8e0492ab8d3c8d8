import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { decodeCursor, encodeCursor, requestDigest } from '../../store/cursor.ts'
import type { EventRow } from '../../store/queries/event-columns.ts'
import { getUpstreamError } from '../../store/queries/get-upstream-error.ts'
import { type ListOrder, listOrders, listUpstreamErrors } from '../../store/queries/list-upstream-errors.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { setCaching } from '../caching.ts'
import { errorAnswers, eventSchema, listedEventSchema, notFoundAnswer } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { presentEvent } from '../present-event.ts'
import { queriesOf } from '../query-request.ts'
import { isHeavy, maxHeavyLimit, readFields } from '../read-fields.ts'
import { filterTexts, idFilter, readSelection, type Selection } from '../read-selection.ts'

const listQuery = querySchema({
  order: Type.Optional(
    Type.Union(
      listOrders.map((order) => Type.Literal(order)),
      {
        description:
          'newest or oldest first, or by number of the attempt. Default newest; attempt where request_id or client_request_id names one request.',
      },
    ),
  ),
  fields: Type.Optional(
    Type.Array(Type.String({ maxLength: 1024 }), {
      maxItems: 64,
      description: `Columns of the answer, separated by commas; event_id and created_at are always there. Default: all but headers, bodies and attributes. With one of those, limit is at most ${maxHeavyLimit}.`,
      examples: [['platform,status_code,error_message']],
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: 'next_cursor of the page before' })),
})

const listAnswer = Type.Object({
  events: Type.Array(listedEventSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

/** `GET /api/v1/upstream-errors` and `GET /api/v1/upstream-errors/{event_id}`. */
export function upstreamErrorRoutes(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors',
      {
        config: { conditional: true },
        schema: {
          operationId: 'listUpstreamErrors',
          tags: ['upstream errors'],
          summary: 'Upstream errors of a time range',
          description:
            'Pages of events by cursor. Pass next_cursor with the same filters, order and range for the next page; null means that there is none.',
          querystring: listQuery,
          response: { 200: listAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { query } = request
        const { limit = 50, cursor } = query
        const first = readSelection(query)
        const order = query.order ?? defaultOrder(first)
        const columns = readFields(query.fields)
        if (isHeavy(columns) && limit > maxHeavyLimit)
          throw new OpsError(
            'invalid_parameter',
            `limit: is more than ${maxHeavyLimit}, the most with headers, bodies or attributes`,
            { extra: { parameter: 'limit' } },
          )
        const digest = requestDigest({ ...filterTexts(query), order, from: query.from, to: query.to })
        const after = cursor === undefined ? undefined : decodeCursor(cursor, digest)
        const range = after?.range ?? first.range
        const simple = first.filters.length === 0 && order !== 'attempt' && !isHeavy(columns)
        const page = await listUpstreamErrors(queriesOf(run, request, reply), {
          range,
          filters: first.filters,
          order,
          columns,
          limit,
          after,
          class: simple ? 'point' : 'list',
        })
        const last = page.more ? page.events.at(-1) : undefined
        setCaching(reply, query, range)
        return {
          events: page.events.map((event) => presentEvent(event, columns)),
          next_cursor: last ? encodeCursor({ ...positionOf(last), range }, digest) : null,
        }
      },
    )

    app.get(
      '/api/v1/upstream-errors/:event_id',
      {
        config: { conditional: true },
        schema: {
          operationId: 'getUpstreamError',
          tags: ['upstream errors'],
          summary: 'One upstream error with headers, bodies and attributes',
          params: Type.Object({
            event_id: Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }),
          }),
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: eventSchema, ...notFoundAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const event = await getUpstreamError(
          queriesOf(run, request, reply),
          request.params.event_id.toLowerCase(),
        )
        if (event === undefined)
          throw new OpsError('not_found', `there is no upstream error ${request.params.event_id}`)
        return presentEvent(event)
      },
    )
  }
}

const requestColumns = new Set(['request_id', 'client_request_id'])

function defaultOrder({ filters }: Selection): ListOrder {
  const named = idFilter(filters)
  return named?.form === 'text' && requestColumns.has(named.column) && named.include.length === 1
    ? 'attempt'
    : 'newest'
}

/** Where an event stands in a list. */
export function positionOf(event: EventRow): { createdAtMs: number; eventId: string; attempt: number } {
  return {
    createdAtMs: Date.parse(event.created_at),
    eventId: event.event_id,
    attempt: Number(event.attempt ?? 0),
  }
}
