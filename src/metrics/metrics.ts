import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * What the sidecar counts. An event is a span event or a log record:
 * received + recovered = stored + skipped + rejected + duplicate + dead_lettered + lost + pending, at any time.
 * Those of a refused request are not received: the client still has them.
 */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'ops_' })
  const registers = [registry]
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter<Label>({ name, help, labelNames, registers })
  return {
    registry,
    requests: counter('ops_receiver_requests_total', 'Export requests by their outcome.', [
      'signal',
      'outcome',
    ]),
    receivedBytes: counter('ops_receiver_bytes_total', 'Bytes of export requests, inflated.', ['signal']),
    droppedConnections: counter('ops_receiver_dropped_connections_total', 'Connections over the limit.'),
    shedBodies: counter(
      'ops_events_shed_bodies_total',
      'Events stored without their bodies, because the journal was filling up.',
      ['signal'],
    ),
    receivedItems: counter('ops_receiver_items_total', 'Spans and log records received.', ['signal']),
    receivedEvents: counter('ops_events_received_total', 'Span events and log records received.', ['signal']),
    skippedEvents: counter('ops_events_skipped_total', 'Events received that are no upstream errors.', [
      'signal',
    ]),
    rejectedEvents: counter('ops_events_rejected_total', 'Upstream errors that cannot be stored.', [
      'signal',
      'reason',
    ]),
    duplicateEvents: counter('ops_events_duplicate_total', 'Events received again.', ['signal']),
    storedEvents: counter('ops_events_stored_total', 'Events stored in ClickHouse.', ['signal']),
    deadLetteredEvents: counter(
      'ops_events_dead_lettered_total',
      'Events that ClickHouse refused for good.',
      ['signal'],
    ),
    lostEvents: counter(
      'ops_events_lost_total',
      'Events received by this process whose records in the journal were damaged; counted when it is drained.',
      ['signal'],
    ),
    recoveredEvents: counter(
      'ops_events_recovered_total',
      'Events found in the journal at start, and dead letters that are delivered again.',
      ['signal'],
    ),
    pendingEvents: new Gauge({
      name: 'ops_events_pending',
      help: 'Events acknowledged and not yet stored.',
      labelNames: ['signal'] as const,
      registers,
    }),
    forwardedPayloads: counter(
      'ops_forwarding_payloads_total',
      'Payloads for the other endpoint by what became of them.',
      ['outcome'],
    ),
    commitSeconds: new Histogram({
      name: 'ops_journal_commit_seconds',
      help: 'Time from append to durable.',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    insertSeconds: new Histogram({
      name: 'ops_delivery_insert_seconds',
      help: 'Time of one insert.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    batchRows: new Histogram({
      name: 'ops_delivery_batch_rows',
      help: 'Rows of one insert.',
      buckets: [1, 10, 100, 1000, 5000, 10_000, 50_000],
      registers,
    }),
    inserts: counter('ops_delivery_inserts_total', 'Inserts by their outcome.', ['outcome']),
    reconciles: counter(
      'ops_delivery_reconciles_total',
      'Inserts of unknown outcome that were read back, by finding.',
      ['finding'],
    ),
    retries: counter('ops_retries_total', 'Retries of failed requests that were sent.', ['mode', 'status']),
    querySeconds: new Histogram({
      name: 'ops_api_request_seconds',
      help: 'Time of API requests.',
      labelNames: ['route', 'status'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
