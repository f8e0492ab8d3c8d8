import { endRequest } from './end-request.ts'
import {
  failRequest,
  openUpstreamContext,
  type RequestFields,
  runInUpstreamContext,
  type UpstreamContext,
} from './upstream-context.ts'

/**
 * Serves one gateway request: opens its context, runs `work` in it, and ends it with what came of it. When `work`
 * throws, the request has failed with the error's `statusCode` or `status`, else 500, and the error is thrown on.
 * After an error answer without a throw, `work` calls `failRequest({ statusCode, … })`.
 * For gateways that no adapter here fits: workers, queues, other frameworks.
 */
export async function runWithUpstreamContext<Result>(
  fields: RequestFields,
  work: (context: UpstreamContext) => Result | Promise<Result>,
): Promise<Result> {
  const context = openUpstreamContext(fields)
  try {
    const result = await runInUpstreamContext(context, () => work(context))
    endRequest(context, context.failure?.statusCode ?? 200)
    return result
  } catch (error) {
    failRequest(
      { message: error instanceof Error ? error.message : String(error), ...context.failure },
      context,
    )
    endRequest(context, context.failure?.statusCode ?? statusOf(error))
    throw error
  }
}

function statusOf(error: unknown): number {
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown }
  for (const code of [statusCode, status])
    if (typeof code === 'number' && code >= 400 && code < 600) return code
  return 500
}
