import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { type RetryAfter, retryAfterBoundsMs, throttling } from '../../store/queries/throttling.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { setCaching } from '../caching.ts'
import { errorAnswers } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { queriesOf } from '../query-request.ts'
import { readSelection } from '../read-selection.ts'

const retryAfterSchema = Type.Object({
  events: Type.Integer({ description: 'Events with a retry-after.' }),
  p50_ms: Type.Integer(),
  p90_ms: Type.Integer(),
  p99_ms: Type.Integer(),
  max_ms: Type.Integer(),
  distribution: Type.Array(
    Type.Object({
      up_to_ms: Type.Union([Type.Integer(), Type.Null()], { description: 'Inclusive; null = no bound' }),
      events: Type.Integer(),
    }),
  ),
})

const throttlingAnswer = Type.Object({
  bucket_seconds: Type.Integer({
    description: 'Width of the buckets of errors_per_bucket; a minute at least.',
  }),
  first_bucket: Type.String({ format: 'date-time' }),
  retry_after: retryAfterSchema,
  accounts: Type.Array(
    Type.Object({
      account_id: Type.String({ description: "'' = not known" }),
      account_name: Type.Union([Type.String(), Type.Null()]),
      platform: Type.Union([Type.String(), Type.Null()], { description: 'Of its newest event.' }),
      errors: Type.Integer(),
      rate_limited: Type.Integer({ description: 'Errors of category rate_limited.' }),
      throttled_seconds: Type.Number({
        description:
          'Time of the range in which the provider had asked to wait: the union of [created_at, created_at + retry_after).',
      }),
      throttled_until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
        description: 'The latest created_at + retry_after; null when no event has a retry-after.',
      }),
      retry_after: retryAfterSchema,
      last_seen: Type.String({ format: 'date-time' }),
      errors_per_bucket: Type.Array(Type.Integer()),
    }),
  ),
})
export type ThrottlingAnswer = Static<typeof throttlingAnswer>

/** `GET /api/v1/upstream-errors/throttling`. */
export function throttlingRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors/throttling',
      {
        config: { conditional: true },
        schema: {
          operationId: 'throttlingOfUpstreamErrors',
          tags: ['counts'],
          summary: 'How long providers asked to wait, by account',
          querystring: querySchema({
            n: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: 100,
                default: 20,
                description: 'Accounts, throttled longest first.',
              }),
            ),
          }),
          response: { 200: throttlingAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { query } = request
        const { range, filters } = readSelection(query)
        const found = await throttling(queriesOf(run, request, reply), {
          range,
          filters,
          limit: query.n ?? 20,
        })
        setCaching(reply, query, range)
        return {
          bucket_seconds: found.bucketSeconds,
          first_bucket: new Date(found.firstBucketMs).toISOString(),
          retry_after: presentRetryAfter(found.retryAfter),
          accounts: found.accounts.map((account) => ({
            account_id: account.accountId,
            account_name: account.accountName || null,
            platform: account.platform || null,
            errors: account.errors,
            rate_limited: account.rateLimited,
            throttled_seconds: account.throttledMs / 1000,
            throttled_until: account.throttledUntilMs
              ? new Date(account.throttledUntilMs).toISOString()
              : null,
            retry_after: presentRetryAfter(account.retryAfter),
            last_seen: new Date(account.lastSeenMs).toISOString(),
            errors_per_bucket: [...account.perBucket],
          })),
        }
      },
    )
  }
}

function presentRetryAfter(retryAfter: RetryAfter) {
  return {
    events: retryAfter.events,
    p50_ms: retryAfter.p50Ms,
    p90_ms: retryAfter.p90Ms,
    p99_ms: retryAfter.p99Ms,
    max_ms: retryAfter.maxMs,
    distribution: retryAfter.distribution.map((events, index) => ({
      up_to_ms: retryAfterBoundsMs[index] ?? null,
      events,
    })),
  }
}
