import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/**
 * Tells the request's context that its stream has begun.
 * @returns ms from the start of the attempt; undefined where that is not known.
 */
export function noteFirstChunk({ context, startedAt }: UpstreamErrorDetails): number | undefined {
  const now = performance.now()
  if (context !== undefined) context.timeToFirstTokenMs ??= now - context.startedAt
  return startedAt === undefined ? undefined : now - startedAt
}
