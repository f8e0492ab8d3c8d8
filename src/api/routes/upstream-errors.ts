import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { errorKinds } from '../../event/upstream-error-event.ts'
import { decodeCursor, encodeCursor, filterDigest } from '../../store/cursor.ts'
import { getUpstreamError } from '../../store/queries/get-upstream-error.ts'
import { listUpstreamErrors } from '../../store/queries/list-upstream-errors.ts'
import type { RunQuery } from '../../store/query.ts'
import { parseTimeRange } from '../../store/time-range.ts'
import { eventSchema, listedEventSchema, problemSchema } from '../event-schema.ts'
import { presentEvent } from '../present-event.ts'

const filterText = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }))

const listQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        description: 'Start, inclusive: ISO 8601 or relative. Default now-1h.',
        examples: ['now-1h'],
      }),
    ),
    to: Type.Optional(Type.String({ description: 'End, exclusive. Default now.' })),
    platform: filterText('gen_ai.provider.name, such as openai'),
    model: filterText('The requested model'),
    status_code: Type.Optional(Type.Integer({ minimum: 0, maximum: 999, description: '0 = no answer' })),
    account_id: filterText('The account at the provider'),
    group_id: filterText('The group of accounts'),
    request_id: filterText('The request at the gateway'),
    trace_id: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{32}$', description: '32 hex digits' })),
    kind: Type.Optional(Type.Union(errorKinds.map((kind) => Type.Literal(kind)))),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 512, description: 'next_cursor of the page before' })),
  },
  { additionalProperties: false },
)

const listAnswer = Type.Object({
  events: Type.Array(listedEventSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

/** `GET /api/v1/upstream-errors` and `GET /api/v1/upstream-errors/{event_id}`. */
export function upstreamErrorRoutes(run: RunQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors',
      {
        schema: {
          summary: 'Upstream errors of a time range, newest first',
          querystring: listQuery,
          response: { 200: listAnswer, 400: problemSchema, 503: problemSchema, 504: problemSchema },
        },
      },
      async (request) => {
        const { from, to, limit = 50, cursor, ...filters } = request.query
        const traced =
          filters.trace_id === undefined ? filters : { ...filters, trace_id: filters.trace_id.toLowerCase() }
        const digest = filterDigest({ ...traced, from, to })
        const after = cursor === undefined ? undefined : decodeCursor(cursor, digest)
        const range = after?.range ?? parseTimeRange(from, to, Date.now())
        const page = await listUpstreamErrors(run, { range, filters: traced, limit, after }, request.signal)
        const last = page.events.at(-1)
        const next =
          page.more && last
            ? { createdAtMs: Date.parse(last.created_at), eventId: last.event_id, range }
            : undefined
        return {
          events: page.events.map(presentEvent),
          next_cursor: next ? encodeCursor(next, digest) : null,
        }
      },
    )

    app.get(
      '/api/v1/upstream-errors/:event_id',
      {
        schema: {
          summary: 'One upstream error with headers, bodies and attributes',
          params: Type.Object({
            event_id: Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }),
          }),
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: eventSchema, 400: problemSchema, 404: problemSchema, 503: problemSchema },
        },
      },
      async (request) => {
        const event = await getUpstreamError(run, request.params.event_id.toLowerCase(), request.signal)
        if (event === undefined)
          throw new OpsError('not_found', `there is no upstream error ${request.params.event_id}`)
        return presentEvent(event)
      },
    )
  }
}
