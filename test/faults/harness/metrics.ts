import { json } from '../../support/json.ts'

/** The samples of `/metrics`, summed over their labels. */
export async function readMetrics(apiUrl: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${apiUrl}/metrics`, { signal: AbortSignal.timeout(10_000) })
  const sums = new Map<string, number>()
  for (const line of (await answer.text()).split('\n')) {
    const match = /^(ops_\w+)(?:\{[^}]*\})? (\S+)/.exec(line)
    if (match?.[1]) sums.set(match[1], (sums.get(match[1]) ?? 0) + Number(match[2]))
  }
  return sums
}

/** What is wrong with the sums of the event counters of one process, or undefined. Asked while nothing is under way. */
export function counterMismatch(metrics: ReadonlyMap<string, number>): string | undefined {
  const of = (name: string) => metrics.get(`ops_events_${name}`) ?? 0
  const came = of('received_total') + of('recovered_total')
  const went = [
    'stored_total',
    'skipped_total',
    'rejected_total',
    'duplicate_total',
    'dead_lettered_total',
    'pending',
  ]
  const sum = went.reduce((total, name) => total + of(name), 0)
  if (came === sum && of('pending') >= 0) return undefined
  const parts = ['received_total', 'recovered_total', ...went].map(
    (name) => `${name.replace('_total', '')} ${of(name)}`,
  )
  return `counters do not add up by ${sum - came}: ${parts.join(', ')}`
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
