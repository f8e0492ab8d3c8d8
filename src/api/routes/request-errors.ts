import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { decodeCursor, encodeCursor, requestDigest } from '../../store/cursor.ts'
import { attemptsOfRequest } from '../../store/queries/attempts-of-request.ts'
import type { EventRow } from '../../store/queries/event-columns.ts'
import { countRequestErrors, getRequestError, listRequestErrors } from '../../store/queries/request-errors.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { parseTimeRange } from '../../store/time-range.ts'
import { errorAnswers, notFoundAnswer } from '../event-schema.ts'
import { presentEvent } from '../present-event.ts'
import { presentRequestError } from '../present-request-error.ts'
import { queriesOf } from '../query-request.ts'
import { errorIdParams, requestErrorDetailSchema, requestErrorSchema } from '../request-error-schema.ts'

/** Deeper pages are what the cursor is for: each offset reads all that comes before it. */
const maxOffset = 10_000

const text = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }))

const listQuery = Type.Object(
  {
    start_time: text('Start, inclusive: ISO 8601 or relative. Default now-1h.'),
    end_time: text('End, exclusive. Default now.'),
    platform: text('gen_ai.provider.name, such as openai'),
    group_id: text('The group of accounts'),
    account_id: text('The account at the provider'),
    status_codes: Type.Optional(
      Type.Array(Type.String({ pattern: '^\\d{1,3}(,\\d{1,3})*$' }), {
        maxItems: 50,
        description: 'Statuses that the client got, separated by commas or repeated',
      }),
    ),
    phase: text('The part of the gateway that failed'),
    query: text('Words of the message'),
    page: Type.Optional(
      Type.Integer({ minimum: 1, default: 1, description: 'From 1; for deep walks use cursor' }),
    ),
    page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 20 })),
    cursor: Type.Optional(
      Type.String({ maxLength: 512, description: 'next_cursor of the page before, instead of page' }),
    ),
  },
  { additionalProperties: false },
)

const listAnswer = Type.Object({
  errors: Type.Array(requestErrorSchema),
  total: Type.Integer(),
  page: Type.Integer(),
  page_size: Type.Integer(),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

/** `GET /api/v1/errors` and `GET /api/v1/errors/{id}`: the final error records of gateway requests. */
export function requestErrorRoutes(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/errors',
      {
        config: { conditional: true },
        schema: {
          operationId: 'listRequestErrors',
          tags: ['request errors'],
          summary: 'Requests that the gateway answered with an error, newest first',
          querystring: listQuery,
          response: { 200: listAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const {
          start_time,
          end_time,
          page = 1,
          page_size = 20,
          cursor,
          status_codes,
          ...rest
        } = request.query
        const filter = { ...rest, status_codes: status_codes?.flatMap((item) => item.split(',').map(Number)) }
        const digest = requestDigest({ errors: true, ...filter, start_time, end_time })
        const after = cursor === undefined ? undefined : decodeCursor(cursor, digest)
        const range = after?.range ?? readRange(start_time, end_time)
        const offset = (page - 1) * page_size
        if (after === undefined && offset > maxOffset) {
          throw new OpsError(
            'invalid_parameter',
            `page: begins after ${maxOffset} records; walk further by cursor`,
            {
              extra: { parameter: 'page' },
            },
          )
        }
        const queries = queriesOf(run, request, reply)
        const [found, total] = await Promise.all([
          listRequestErrors(queries, { range, filter, limit: page_size, from: after ?? { offset } }),
          countRequestErrors(queries, range, filter),
        ])
        const last = found.more ? found.records.at(-1) : undefined
        return {
          errors: found.records.map(presentRequestError),
          total,
          page,
          page_size,
          next_cursor: last ? encodeCursor({ ...placeOf(last), range }, digest) : null,
        }
      },
    )

    app.get(
      '/api/v1/errors/:id',
      {
        config: { conditional: true },
        schema: {
          operationId: 'getRequestError',
          tags: ['request errors'],
          summary: 'One such request with headers, bodies, timings and its failed attempts',
          params: errorIdParams,
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: requestErrorDetailSchema, ...notFoundAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const queries = queriesOf(run, request, reply)
        const record = await getRequestError(queries, request.params.id.toLowerCase())
        if (record === undefined)
          throw new OpsError('not_found', `there is no request error ${request.params.id}`)
        const requestId = String(record.request_id ?? '')
        const attempts = requestId === '' ? [] : await attemptsOfRequest(queries, requestId)
        const events = attempts.map((event) => presentEvent(event))
        return {
          ...presentRequestError(record),
          upstream_errors: JSON.stringify(events),
          upstream_error_events: events,
        }
      },
    )
  }
}

function readRange(start: string | undefined, end: string | undefined) {
  try {
    return parseTimeRange(start, end, Date.now())
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    const [parameter, renamed] = error.extra.parameter === 'to' ? ['to', 'end_time'] : ['from', 'start_time']
    const message = error.message.replace(new RegExp(`^${parameter}:`), `${renamed}:`)
    throw new OpsError(error.code, message, { extra: { parameter: renamed } })
  }
}

function placeOf(record: EventRow) {
  return { createdAtMs: Date.parse(record.created_at), eventId: record.event_id, attempt: 0 }
}
