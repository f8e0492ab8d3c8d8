import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import {
  automaticBucketSeconds,
  bucketCount,
  histogram,
  histogramDimensions,
  maxBuckets,
} from '../../store/queries/histogram.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import type { TimeRange } from '../../store/time-range.ts'
import { setCaching } from '../caching.ts'
import { errorAnswers } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { queriesOf } from '../query-request.ts'
import { readSelection } from '../read-selection.ts'
import { sourceSchema } from './count.ts'

const histogramQuery = querySchema({
  bucket: Type.Optional(
    Type.String({
      pattern: '^[1-9]\\d{0,4}[smhd]?$',
      description: `Width, 1s to 1d, a whole part of a day: 30s, 5m, 1h, 1d; a bare number is seconds. Buckets start at multiples of it (UTC). Default: what gives about 120 buckets. At most ${maxBuckets} buckets.`,
      examples: ['5m'],
    }),
  ),
  by: Type.Optional(
    Type.Union(
      histogramDimensions.map((name) => Type.Literal(name)),
      { description: 'Splits each bucket by this column.', examples: ['platform'] },
    ),
  ),
  max_keys: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description: 'Keys with counts of their own, those with most events; the rest is `other`.',
    }),
  ),
})

const histogramAnswer = Type.Object({
  bucket_seconds: Type.Integer(),
  source: sourceSchema,
  keys: Type.Array(Type.String(), { description: 'Keys of `counts`, most events first.' }),
  buckets: Type.Array(
    Type.Object({
      start: Type.String({ format: 'date-time' }),
      total: Type.Integer(),
      counts: Type.Unsafe<Record<string, number>>({
        type: 'object',
        additionalProperties: { type: 'integer' },
      }),
      other: Type.Integer({ description: 'Events of keys that are not in `keys`.' }),
    }),
  ),
})
export type HistogramAnswer = Static<typeof histogramAnswer>

/** `GET /api/v1/upstream-errors/histogram`. */
export function histogramRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors/histogram',
      {
        config: { conditional: true },
        schema: {
          operationId: 'histogramOfUpstreamErrors',
          tags: ['counts'],
          summary: 'Counts by time',
          description:
            'Empty buckets are there with total 0. The first and last bucket count only what is in the range.',
          querystring: histogramQuery,
          response: { 200: histogramAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { query } = request
        const { range, filters } = readSelection(query)
        const bucketSeconds = readBucket(query.bucket, range)
        const { source, keys, buckets } = await histogram(queriesOf(run, request, reply), {
          range,
          filters,
          bucketSeconds,
          by: query.by,
          maxKeys: query.max_keys ?? 20,
        })
        setCaching(reply, query, range)
        return {
          bucket_seconds: bucketSeconds,
          source,
          keys: [...keys],
          buckets: buckets.map(({ startMs, total, counts, other }) => ({
            start: new Date(startMs).toISOString(),
            total,
            counts,
            other,
          })),
        }
      },
    )
  }
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** @throws OpsError `invalid_parameter` for a width that is none or makes too many buckets. */
export function readBucket(text: string | undefined, range: TimeRange): number {
  if (text === undefined) return automaticBucketSeconds(range)
  const [, number, unit] = /^(\d+)([smhd]?)$/.exec(text) ?? []
  const seconds = Number(number) * unitSeconds[(unit || 's') as keyof typeof unitSeconds]
  if (seconds > 86_400 || 86_400 % seconds !== 0) throw invalidBucket('is not a whole part of a day')
  const count = bucketCount(range, seconds)
  if (count > maxBuckets) throw invalidBucket(`makes ${count} buckets of this range, more than ${maxBuckets}`)
  return seconds
}

function invalidBucket(why: string): OpsError {
  return new OpsError('invalid_parameter', `bucket: ${why}`, { extra: { parameter: 'bucket' } })
}
