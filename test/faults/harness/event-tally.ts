/** How often events were seen, by their request ids. */
export interface EventTally {
  readonly rows: number
  readonly distinct: number
  has(requestId: string): boolean
  /** The first few that this tally has and the other has not, and how many there are. */
  missingFrom(other: EventTally): { readonly count: number; readonly some: readonly string[] }
  /** The first few that were seen more than once. */
  readonly repeated: readonly string[]
  /** Each once. */
  ids(): Iterable<string>
}

export interface MutableEventTally extends EventTally {
  add(requestId: string): void
}

const shown = 3
const mostOften = 255

/**
 * A byte for each number of `<prefix>-<number>`, which all ids of the harness are: a trial of half an hour has more
 * events than a Set can hold (2^24).
 */
export function createEventTally(): MutableEventTally {
  const byPrefix = new Map<string, Uint8Array>()
  const repeated: string[] = []
  let rows = 0
  let distinct = 0

  function* ids(): Iterable<string> {
    for (const [prefix, seen] of byPrefix)
      for (let number = 0; number < seen.length; number++) if (seen[number] !== 0) yield `${prefix}-${number}`
  }

  function has(requestId: string): boolean {
    const { prefix, number } = parse(requestId)
    return (byPrefix.get(prefix)?.[number] ?? 0) > 0
  }

  return {
    get rows() {
      return rows
    },
    get distinct() {
      return distinct
    },
    repeated,
    has,
    ids,
    missingFrom(other) {
      const some: string[] = []
      let count = 0
      for (const id of ids()) {
        if (other.has(id)) continue
        if (count++ < shown) some.push(id)
      }
      return { count, some }
    },
    add(requestId) {
      const { prefix, number } = parse(requestId)
      let seen = byPrefix.get(prefix)
      if (seen === undefined || number >= seen.length) {
        const longer = new Uint8Array(Math.max(1024, (number + 1) * 2))
        if (seen) longer.set(seen)
        seen = longer
        byPrefix.set(prefix, seen)
      }
      const before = seen[number] ?? 0
      rows++
      if (before === 0) distinct++
      if (before === 1 && repeated.length < shown) repeated.push(requestId)
      seen[number] = Math.min(mostOften, before + 1)
    },
  }
}

export function tallyOf(requestIds: Iterable<string>): EventTally {
  const tally = createEventTally()
  for (const id of requestIds) tally.add(id)
  return tally
}

/** @throws Error for an id that the harness never makes. */
function parse(requestId: string): { prefix: string; number: number } {
  const dash = requestId.lastIndexOf('-')
  const number = Number(requestId.slice(dash + 1))
  if (dash < 1 || !Number.isSafeInteger(number) || number < 0 || number > 2 ** 30)
    throw new Error(`a request id that no trial makes: ${requestId}`)
  return { prefix: requestId.slice(0, dash), number }
}
