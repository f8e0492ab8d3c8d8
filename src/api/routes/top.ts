import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { topDimensions, topUpstreamErrors } from '../../store/queries/top.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { setCaching } from '../caching.ts'
import { errorAnswers } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { queriesOf } from '../query-request.ts'
import { readSelection } from '../read-selection.ts'
import { sourceSchema } from './count.ts'

const topQuery = querySchema({
  dimension: Type.String({
    enum: [...topDimensions],
    description: 'The column to rank.',
    examples: ['account_id'],
  }),
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
})

const topAnswer = Type.Object({
  source: sourceSchema,
  total: Type.Integer({ description: 'All events of the range.' }),
  previous_total: Type.Integer({ description: 'All events of the equally long range before.' }),
  items: Type.Array(
    Type.Object({
      key: Type.String({ description: "'' = not known" }),
      count: Type.Integer(),
      share: Type.Number({ description: 'count / total' }),
      previous_count: Type.Integer({ description: 'In the equally long range before.' }),
      first_seen: Type.String({ format: 'date-time' }),
      last_seen: Type.String({ format: 'date-time' }),
    }),
  ),
})
export type TopAnswer = Static<typeof topAnswer>

/** `GET /api/v1/upstream-errors/top`. */
export function topRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors/top',
      {
        config: { conditional: true },
        schema: {
          operationId: 'topOfUpstreamErrors',
          tags: ['counts'],
          summary: 'The values of a column with most upstream errors',
          querystring: topQuery,
          response: { 200: topAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { query } = request
        const { range, filters } = readSelection(query)
        const top = await topUpstreamErrors(queriesOf(run, request, reply), {
          range,
          filters,
          dimension: query.dimension,
          limit: query.n ?? 10,
        })
        setCaching(reply, query, range)
        return {
          source: top.source,
          total: top.total,
          previous_total: top.previousTotal,
          items: top.items.map((item) => ({
            key: item.key,
            count: item.count,
            share: item.share,
            previous_count: item.previousCount,
            first_seen: new Date(item.firstSeenMs).toISOString(),
            last_seen: new Date(item.lastSeenMs).toISOString(),
          })),
        }
      },
    )
  }
}
