import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { OpsError } from '../errors.ts'
import { createQueryBudget, type QueryBudget, type QueryLimits } from './query-budget.ts'

declare module 'fastify' {
  interface FastifyInstance {
    queryBudget: QueryBudget
  }
}

/** Of each token. Requests without a token, which only come where none are configured, are not limited. */
export interface RateLimits extends QueryLimits {
  /** 0 = any number. */
  readonly requestsPerMinute: number
}

export const noRateLimits: RateLimits = { requestsPerMinute: 0, msPerMinute: 0, concurrent: 0 }

/** Spreads the clients that were refused in one window. */
const maxJitterSeconds = 3

/** Answers 429 with Retry-After to a token that asks more often than it may; says in `ratelimit-*` what is left. */
export async function addRateLimits(app: FastifyInstance, limits: RateLimits): Promise<void> {
  app.decorate('queryBudget', createQueryBudget(limits))
  if (limits.requestsPerMinute === 0) return
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    // Requests know their token after onRequest.
    hook: 'preParsing',
    keyGenerator: (request) => request.tokenName,
    allowList: (request) => request.tokenName === '',
    enableDraftSpec: true,
    addHeaders: { 'retry-after': false },
    errorResponseBuilder: (_request, { ttl }) => {
      const retry_after_seconds = Math.ceil(ttl / 1000) + Math.floor(Math.random() * (maxJitterSeconds + 1))
      return new OpsError('too_many_requests', `more than ${limits.requestsPerMinute} requests a minute`, {
        extra: { retry_after_seconds },
      })
    },
  })
}
