import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { upstreamErrorTable } from '../../event/tables.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import type { StoredBatches } from '../../store/stored-batches.ts'
import { errorAnswers } from '../event-schema.ts'
import { filterProperties } from '../filter-schema.ts'
import { hangUpOf } from '../hang-up.ts'
import { parseFilters } from '../parse-filters.ts'
import { queriesOf } from '../query-request.ts'
import { readFields } from '../read-fields.ts'
import { filterTexts } from '../read-selection.ts'
import { decodeTailPosition, tailEvents } from '../tail-events.ts'

const maxClients = 32
const heartbeatMs = 15_000

const tailQuery = Type.Object(
  {
    ...filterProperties,
    fields: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), {
        maxItems: 64,
        description: 'Columns, as for the list.',
      }),
    ),
    last_event_id: Type.Optional(
      Type.String({ maxLength: 128, description: 'For clients that cannot send the header Last-Event-ID.' }),
    ),
  },
  { additionalProperties: false },
)

/** `GET /api/v1/upstream-errors/tail`. */
export function tailRoute(run: RunRestrictedQuery, batches: StoredBatches): FastifyPluginAsyncTypebox {
  return async (app) => {
    let clients = 0
    const closing = new AbortController()
    app.addHook('preClose', async () => closing.abort())
    app.get(
      '/api/v1/upstream-errors/tail',
      {
        schema: {
          operationId: 'tailUpstreamErrors',
          tags: ['upstream errors'],
          summary: 'Upstream errors as they are stored (Server-Sent Events)',
          description: `A message upstream_error for each event that the sidecar stores and the filters let pass, in the order of storing. With Last-Event-ID it goes on after that event, over restarts of the sidecar too; an id of another sidecar gets up to a minute of events again. A message gap tells that events were left out, because the client read too slowly or was away for too long; list them. A comment every ${heartbeatMs / 1000} s keeps the connection alive. At most ${maxClients} clients.`,
          querystring: tailQuery,
          headers: Type.Object({
            'last-event-id': Type.Optional(
              Type.String({ maxLength: 128, description: 'The id of the last message.' }),
            ),
          }),
          response: {
            200: { description: 'A stream', content: { 'text/event-stream': { schema: Type.String() } } },
            ...errorAnswers,
          },
        },
      },
      async (request, reply) => {
        const { query } = request
        const filters = parseFilters(filterTexts(query))
        const columns = readFields(query.fields)
        const lastId = request.headers['last-event-id'] ?? query.last_event_id
        const from = lastId === undefined ? undefined : decodeTailPosition(lastId)
        if (lastId !== undefined && from === undefined)
          throw new OpsError('invalid_parameter', 'last_event_id: is not one that this API gave', {
            extra: { parameter: 'last_event_id' },
          })
        if (clients >= maxClients) throw new OpsError('overloaded', `${maxClients} clients follow already`)
        clients++
        const signal = AbortSignal.any([hangUpOf(reply), closing.signal])
        reply.raw.once('close', () => clients--)
        // A connection that is kept alive after its stream would hold up the closing of the server.
        reply.header('connection', 'close')
        reply.header('content-type', 'text/event-stream')
        reply.header('cache-control', 'no-store')
        reply.header('x-accel-buffering', 'no')
        const queries = queriesOf(run, request, reply)
        const text = tailEvents(
          (asked) => queries(asked, signal),
          batches,
          { table: upstreamErrorTable.name, filters, columns, from, heartbeatMs },
          signal,
        )
        return (reply as FastifyReply).send(Readable.from(text, { highWaterMark: 1 }))
      },
    )
  }
}
