import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { countUpstreamErrors } from '../../store/queries/count-upstream-errors.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { setCaching } from '../caching.ts'
import { errorAnswers } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { queriesOf } from '../query-request.ts'
import { readSelection } from '../read-selection.ts'

/** Where counts come from. */
export const sourceSchema = Type.Union([Type.Literal('rollup'), Type.Literal('mixed'), Type.Literal('raw')], {
  description:
    'rollup: counts kept as events arrive; raw: the events; mixed: whole buckets from a rollup, the edges raw. All are exact.',
})

/** `GET /api/v1/upstream-errors/count`. */
export function countRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors/count',
      {
        config: { conditional: true },
        schema: {
          operationId: 'countUpstreamErrors',
          tags: ['counts'],
          summary: 'How many upstream errors there are',
          querystring: querySchema({}),
          response: { 200: Type.Object({ count: Type.Integer(), source: sourceSchema }), ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { range, filters } = readSelection(request.query)
        setCaching(reply, request.query, range)
        return countUpstreamErrors(queriesOf(run, request, reply), range, filters)
      },
    )
  }
}
