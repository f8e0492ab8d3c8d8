import { type Measurement, spanRate } from './measure.ts'
import { spansPerRequest } from './payload.ts'

/** Rates of spans and of errors, and memory, as Markdown. */
export function throughputTable(measurements: readonly Measurement[]): string {
  return table(
    [
      '',
      'payload',
      'errors',
      'request KB (inflated)',
      'acked requests',
      'acked spans/s',
      'delivered spans/s',
      '**spans/s per CPU second**',
      '**errors/s per CPU second**',
      'RSS idle → peak MB',
      'refused',
      'rows missing',
    ],
    measurements.map((measurement) => {
      const { sent, workload, cpuSeconds } = measurement
      return [
        measurement.name,
        `${workload.encoding} ${workload.compression}`,
        share(measurement),
        `${kilo(measurement.requestBytes)} (${kilo(measurement.inflatedBytes)})`,
        String(sent.acked),
        thousands(spanRate(measurement, sent.wallSeconds)),
        thousands(spanRate(measurement, measurement.deliveredSeconds)),
        thousands(spanRate(measurement, cpuSeconds)),
        thousands(measurement.rows / cpuSeconds),
        `${mega(measurement.idleRssBytes)} → ${mega(measurement.peakRssBytes)}`,
        Object.entries(sent.refused)
          .map(([status, count]) => `${count}× ${status}`)
          .join(', ') || '0',
        String(measurement.missingRows),
      ]
    }),
  )
}

export function latencyTable(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap((measurement) => {
    const { halfLoad, workload, name } = measurement
    if (halfLoad === undefined) return []
    const rate = (halfLoad.acked * spansPerRequest) / halfLoad.wallSeconds
    const { p50, p90, p99, p999, max } = halfLoad.ackMs
    return [
      [
        name,
        `${workload.encoding} ${workload.compression}`,
        share(measurement),
        thousands(rate),
        `${halfLoad.acked} in ${halfLoad.wallSeconds.toFixed(0)} s`,
        ...[p50, p90, p99, p999, max].map((ms) => ms.toFixed(1)),
      ],
    ]
  })
  const head = [
    'at half load',
    'payload',
    'errors',
    'spans/s',
    'requests',
    'ack p50 ms',
    'p90 ms',
    'p99 ms',
    'p99.9 ms',
    'max ms',
  ]
  return rows.length === 0 ? '' : table(head, rows)
}

/** How much more each does per CPU second than the others, workload by workload; the first one is 1. */
export function ratioTable(measurements: readonly Measurement[]): string {
  const first = measurements[0]?.name
  const rows = measurements.map((measurement) => {
    const base = measurements.find(
      (other) => other.name === first && other.workload.errorCount === measurement.workload.errorCount,
    )
    const ratio = base
      ? spanRate(base, base.cpuSeconds) / spanRate(measurement, measurement.cpuSeconds)
      : Number.NaN
    return [measurement.name, share(measurement), `${ratio.toFixed(2)}×`]
  })
  return table(['', 'errors', `${first} does per CPU second`], rows)
}

/** Which threads the CPU time went to. */
export function threadLines(measurements: readonly Measurement[]): string {
  return measurements
    .map((measurement) => {
      const percentOf = (ranMs: number) => ranMs / 10 / measurement.cpuSeconds
      const parts = [...measurement.threadTimes.values()]
        .toSorted((a, b) => b.ranMs - a.ranMs)
        .filter(({ ranMs }) => percentOf(ranMs) >= 1)
        .map(({ name, ranMs }) => `${name} ${percentOf(ranMs).toFixed(0)} %`)
      const { encoding, compression } = measurement.workload
      return `CPU time by thread, ${encoding} ${compression} ${share(measurement)}: ${parts.join(', ')}`
    })
    .join('\n')
}

/** How long threads ran and waited for the processor at half load: who waits for whom. */
export function waitLines(measurements: readonly Measurement[]): string {
  return measurements
    .flatMap((measurement) => {
      if (measurement.halfLoad === undefined) return []
      const parts = [...measurement.halfLoad.threadTimes.values()]
        .toSorted((a, b) => b.ranMs - a.ranMs)
        .filter(({ ranMs }) => ranMs >= 50)
        .map(({ name, ranMs, waitedMs }) => `${name} ${ranMs.toFixed(0)}/${waitedMs.toFixed(0)}`)
      return [`Ran/waited ms by thread at half load, ${share(measurement)}: ${parts.join(', ')}`]
    })
    .join('\n')
}

function share({ workload }: Measurement): string {
  return `${Math.round((100 * workload.errorCount) / spansPerRequest)} %`
}

function thousands(rate: number): string {
  return rate >= 100_000 ? `${Math.round(rate / 1000)} k` : `${(rate / 1000).toFixed(1)} k`
}

function kilo(bytes: number): string {
  return String(Math.round(bytes / 1000))
}

function mega(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
