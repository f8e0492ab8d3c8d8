import type { Answer } from './send-export.ts'

export function countStatus(answers: readonly Answer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

/** How many got which status, for a message. */
export function statusCounts(answers: readonly Answer[]): string {
  const counts = Map.groupBy(answers, (answer) => answer.status)
  return [...counts].map(([status, of]) => `${of.length} × ${status === 0 ? 'no answer' : status}`).join(', ')
}

/** The value that a share of the numbers is at or below; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
