import { json } from '../../support/json.ts'

/** The samples of `/metrics`: summed over their labels under their name, and those of a signal under `name{signal}`. */
export async function readMetrics(apiUrl: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${apiUrl}/metrics`, { signal: AbortSignal.timeout(10_000) })
  const sums = new Map<string, number>()
  const add = (name: string, value: number) => sums.set(name, (sums.get(name) ?? 0) + value)
  for (const line of (await answer.text()).split('\n')) {
    const match = /^(ops_\w+)(?:\{([^}]*)\})? (\S+)/.exec(line)
    if (match?.[1] === undefined) continue
    add(match[1], Number(match[3]))
    const signal = /signal="(\w+)"/.exec(match[2] ?? '')?.[1]
    if (signal) add(`${match[1]}{${signal}}`, Number(match[3]))
  }
  return sums
}

const signals = ['traces', 'logs']
const cameIn = ['received_total', 'recovered_total']
const wentTo = [
  'stored_total',
  'skipped_total',
  'rejected_total',
  'duplicate_total',
  'dead_lettered_total',
  'lost_total',
  'pending',
]

/**
 * What is wrong with the event counters of one process, for each signal. Asked when all is delivered, so nothing may be pending.
 */
export function counterMismatches(metrics: ReadonlyMap<string, number>): string[] {
  return signals.flatMap((signal) => {
    const of = (name: string) => metrics.get(`ops_events_${name}{${signal}}`) ?? 0
    const total = (names: readonly string[]) => names.reduce((sum, name) => sum + of(name), 0)
    const difference = total(wentTo) - total(cameIn)
    if (difference === 0 && of('pending') === 0) return []
    const parts = [...cameIn, ...wentTo].map((name) => `${name.replace('_total', '')} ${of(name)}`)
    return [`counters of ${signal} do not add up by ${difference}: ${parts.join(', ')}`]
  })
}

export interface Readiness {
  readonly status: number
  readonly checks: Readonly<Record<string, { ok: boolean; reason: string | null }>>
}

export async function readReadiness(apiUrl: string): Promise<Readiness> {
  const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(10_000) })
  const { checks } = await json<Pick<Readiness, 'checks'>>(answer)
  return { status: answer.status, checks }
}
