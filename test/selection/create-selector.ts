import type { Encoding, ExportCounts, SelectedEvent, Signal } from '../../src/event/selected-event.ts'
import type { EventRuleOptions } from '../../src/selection/event-rule.ts'
import { createSelectEvents } from '../../src/selection/select-events.ts'

export interface Selection extends ExportCounts {
  readonly selected: readonly SelectedEvent[]
}

/** The selection of a whole export at once. */
export function createSelector(
  options: EventRuleOptions,
): (signal: Signal, encoding: Encoding, body: Uint8Array) => Selection {
  const select = createSelectEvents(options)
  return (signal, encoding, body) => {
    const selected: SelectedEvent[] = []
    const { itemCount, eventCount } = select(signal, encoding, body, (event) => selected.push(event))
    return { itemCount, eventCount, selected }
  }
}
