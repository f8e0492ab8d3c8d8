import { createNoopMeter, type MeterProvider } from '@opentelemetry/api'
import { counters } from './telemetry-stats.ts'

interface Exporter<Item> {
  export(items: Item[], done: (result: { code: number; error?: Error }) => void): void
}

/** ExportResultCode.SUCCESS of OpenTelemetry's core. */
const exportSucceeded = 0

/** Makes an exporter count what the endpoint accepted and what was given up. */
export function countExports<Item, Type extends Exporter<Item>>(exporter: Type & Exporter<Item>): Type {
  const send = exporter.export.bind(exporter)
  exporter.export = (items: Item[], done: (result: { code: number; error?: Error }) => void) => {
    send(items, (result) => {
      if (result.code === exportSucceeded) counters.exported += items.length
      else counters.droppedExport += items.length
      done(result)
    })
  }
  return exporter
}

/**
 * OpenTelemetry's batch processors tell of drops only through their own metrics (`error.type` = queue_full): a
 * meter that counts those and nothing else.
 */
export const queueDropMeter: MeterProvider = {
  getMeter() {
    const meter = createNoopMeter()
    meter.createCounter = () => ({
      add(count, attributes) {
        if ((attributes as Record<string, unknown> | undefined)?.['error.type'] === 'queue_full') {
          counters.droppedQueueFull += count
        }
      },
    })
    return meter
  },
}
