import { type Context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { EmitMode } from './recording-settings.ts'
import type { UpstreamContext } from './upstream-context.ts'

/**
 * The OpenTelemetry context that everything of this request is recorded under: it holds the request's SERVER span.
 * Where no instrumentation opened one, it is opened here, back-dated, with the first error: a request without
 * errors costs no span. Log events need none; the caller's trace is enough.
 */
export function requestParent(context: UpstreamContext, mode: EmitMode): Context {
  if (context.ownSpan !== undefined || trace.getSpan(context.parent) !== undefined) return context.parent
  const caller = propagation.extract(context.parent, context.requestHeaders ?? {})
  if (mode === 'log') return caller
  context.ownSpan = trace
    .getTracer('ops-sidecar/gateway')
    .startSpan(spanName(context), { kind: SpanKind.SERVER, startTime: context.startedAt }, caller)
  context.parent = trace.setSpan(caller, context.ownSpan)
  return context.parent
}

export function spanName(context: UpstreamContext): string {
  return context.method === undefined ? 'gateway request' : `${context.method} gateway request`
}

/** Ends the span that `requestParent` opened, if it did. */
export function endOwnSpan(
  context: UpstreamContext,
  endedAt: number,
  errorMessage: string | undefined,
): void {
  if (context.ownSpan === undefined) return
  if (errorMessage !== undefined) {
    context.ownSpan.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage })
  }
  context.ownSpan.end(endedAt)
}
