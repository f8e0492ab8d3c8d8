import type { Attributes } from '@opentelemetry/api'
import type { RecordingSettings } from './recording-settings.ts'
import type { Identifier, RequestFields } from './upstream-context.ts'

/** Fields of one attempt that take precedence over the request's. */
export type AttemptFields = Pick<
  RequestFields,
  'platform' | 'model' | 'operation' | 'stream' | 'accountId' | 'accountName'
>

/**
 * What identifies the gateway request, in the event contract's names; both events carry it. What a client can choose
 * is redacted. OpenTelemetry leaves undefined values out; one literal with all names is much faster to fill and to
 * copy than an object that grows.
 */
export function requestAttributes(
  fields: RequestFields | undefined,
  attempt: AttemptFields,
  { redaction }: RecordingSettings,
): Attributes {
  const model = attempt.model ?? fields?.model
  return {
    'gen_ai.provider.name': textOf(attempt.platform ?? fields?.platform),
    'gen_ai.request.model': model ? redaction.identifier(model) : undefined,
    'gen_ai.operation.name': textOf(attempt.operation ?? fields?.operation),
    'gen_ai.request.stream': attempt.stream ?? fields?.stream,
    'ops.account.id': textOf(attempt.accountId ?? fields?.accountId),
    'ops.account.name': textOf(attempt.accountName ?? fields?.accountName),
    'ops.request.id': textOf(fields?.requestId),
    'ops.client_request.id': fields?.clientRequestId
      ? redaction.identifier(fields.clientRequestId)
      : undefined,
    'ops.group.id': textOf(fields?.groupId),
    'user.id': textOf(fields?.userId),
    'ops.api_key.id': textOf(fields?.apiKeyId),
    'client.address': textOf(fields?.clientIp),
    'ops.request.path': fields?.path ? redaction.text(withoutQuery(fields.path)) : undefined,
    'user_agent.original': fields?.userAgent ? redaction.text(fields.userAgent) : undefined,
  }
}

/** Identifiers as text, as the contract has them; empty ones are absent. */
export function textOf(value: Identifier | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : String(value)
}

/** The contract's `_ms` attributes are integers. */
export function wholeMs(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Math.max(0, Math.round(durationMs))
}

export function seconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : durationMs / 1_000
}

/** Query strings carry keys (`?key=…`). */
function withoutQuery(path: string): string {
  const end = path.indexOf('?')
  return end < 0 ? path : path.slice(0, end)
}
