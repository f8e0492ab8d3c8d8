import type { Attributes, AttributeValue } from '../event/attribute.ts'
import { attributeOf } from '../event/attribute.ts'
import type { TakeEvent } from '../event/selected-event.ts'
import { stringOf, Utf8Text } from '../event/utf8-text.ts'
import type { EventName, EventRule } from './event-rule.ts'
import { isException, isProviderFailure, nameOf } from './event-rule.ts'
import type { Enclosing } from './export-scan.ts'
import { countEqual } from './ordinal.ts'

/**
 * SDKs older than LogRecord.event_name carry the name in this attribute.
 * Source: opentelemetry-specification, logs/data-model.md and semantic-conventions, general/events.md.
 */
export const eventNameKey = 'event.name'

export interface LogRecord {
  readonly eventName: string
  /** 0n = absent. */
  readonly timeUnixNano: bigint
  readonly observedTimeUnixNano: bigint
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly body: AttributeValue
}

/** Hands the record to `take` when the rule has its event. `seen` counts equals over the whole export. */
export function selectLogEvent(
  record: LogRecord,
  rule: EventRule,
  enclosing: Enclosing,
  seen: Map<string, number>,
  take: TakeEvent,
): void {
  const { traceId, spanId, attributes, droppedAttributesCount, body } = record
  const name = nameOfRecord(record, rule)
  if (name === undefined) return
  const timeUnixNano = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano
  const ordinal = countEqual(seen, `${traceId} ${spanId} ${name} ${timeUnixNano}`)
  if (isException(name) && !isProviderFailure(attributes)) return
  take({
    signal: 'logs',
    name,
    timeUnixNano,
    traceId,
    spanId,
    ordinal,
    itemIndex: enclosing.itemIndex,
    attributes,
    droppedAttributesCount,
    span: undefined,
    body,
    scope: enclosing.scope(),
    resource: enclosing.resource(),
  })
}

function nameOfRecord({ eventName, attributes }: LogRecord, rule: EventRule): EventName | undefined {
  if (eventName !== '') return nameOf(rule, eventName)
  const older = attributeOf(attributes, eventNameKey)
  const isText = typeof older === 'string' || older instanceof Utf8Text
  return isText ? nameOf(rule, stringOf(older)) : undefined
}
