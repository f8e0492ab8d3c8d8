import type {
  Encoding,
  ExportCounts,
  SelectedEvent,
  Signal,
  SpanOfEvent,
} from '../../src/event/selected-event.ts'
import type { EventRuleOptions } from '../../src/selection/event-rule.ts'
import { createSelectEvents } from '../../src/selection/select-events.ts'
import { type PlainValue, plainAttributes, plainValue } from '../support/attributes.ts'

type PlainAttributes = ReadonlyMap<string, PlainValue>

/** A selected event in strings and maps, which stay when its export is gone. */
export interface PlainEvent
  extends Omit<SelectedEvent, 'attributes' | 'span' | 'body' | 'scope' | 'resource'> {
  readonly attributes: PlainAttributes
  readonly span: (Omit<SpanOfEvent, 'attributes'> & { readonly attributes: PlainAttributes }) | undefined
  readonly body: PlainValue | undefined
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: PlainAttributes }
  readonly resource: PlainAttributes
}

export interface Selection extends ExportCounts {
  readonly selected: readonly PlainEvent[]
}

/** The selection of a whole export at once. */
export function createSelector(
  options: EventRuleOptions,
): (signal: Signal, encoding: Encoding, body: Uint8Array) => Selection {
  const select = createSelectEvents(options)
  return (signal, encoding, body) => {
    const selected: PlainEvent[] = []
    const { itemCount, eventCount } = select(signal, encoding, body, (event) => selected.push(plain(event)))
    return { itemCount, eventCount, selected }
  }
}

function plain(event: SelectedEvent): PlainEvent {
  const { span, scope } = event
  return {
    ...event,
    attributes: plainAttributes(event.attributes),
    span: span && { ...span, attributes: plainAttributes(span.attributes) },
    body: event.body === undefined ? undefined : plainValue(event.body),
    scope: { ...scope, attributes: plainAttributes(scope.attributes) },
    resource: plainAttributes(event.resource),
  }
}
