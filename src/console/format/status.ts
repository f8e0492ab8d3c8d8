/** The four questions of an operator about an upstream: too fast, too full, broken, or not there at all. */
export const statusClasses = ['rate_limited', 'overloaded', 'server_error', 'network', 'other'] as const
export type StatusClass = (typeof statusClasses)[number]

export interface StatusClassText {
  readonly label: string
  readonly short: string
  /** Values of the filter `status_code` that make up the class. */
  readonly filter: readonly string[]
}

export const statusClassTexts: Readonly<Record<StatusClass, StatusClassText>> = {
  rate_limited: { label: 'Rate limited', short: '429', filter: ['429'] },
  overloaded: { label: 'Overloaded', short: '529', filter: ['529'] },
  server_error: { label: 'Other 5xx', short: '5xx', filter: ['5xx', '!529'] },
  network: { label: 'No answer', short: 'network', filter: ['0'] },
  other: { label: 'Other status', short: 'other', filter: ['!429', '!5xx', '!0'] },
}

export function statusClassOf(status: number): StatusClass {
  if (status === 429) return 'rate_limited'
  if (status === 529) return 'overloaded'
  if (status >= 500 && status <= 599) return 'server_error'
  return status === 0 ? 'network' : 'other'
}

/** A status as people read it; 0 is no status. */
export const statusText = (status: number | null | undefined): string =>
  status ? String(status) : 'no answer'
