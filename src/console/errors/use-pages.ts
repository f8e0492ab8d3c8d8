import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get } from '../api/client.ts'
import { noAnswer, type Problem, ProblemError } from '../api/problem.ts'
import type { ListAnswer, ListedEvent } from '../api/types.ts'

export interface Pages {
  readonly events: readonly ListedEvent[]
  readonly loading: boolean
  readonly problem: Problem | undefined
  /** Whether there are more. */
  readonly more: boolean
  readonly loadMore: () => void
  /** Asks for a page again that failed. */
  readonly retry: () => void
}

const firstPage = 100
const nextPages = 1000
/** A browser cannot scroll over rows without end. */
const maxHeld = 500_000

interface Held {
  readonly events: readonly ListedEvent[]
  readonly cursor: string | null
  readonly problem: Problem | undefined
  readonly loading: boolean
}

/** Events page by page, each page by the cursor of the one before, so that the last costs what the first costs. */
export function usePages(query: string | undefined, tick: unknown): Pages {
  const [held, setHeld] = useState<Held>({ events: [], cursor: null, problem: undefined, loading: true })
  const generation = useRef(0)
  const latest = useRef(held)
  latest.current = held

  const load = useCallback(
    (cursor: string | undefined) => {
      if (query === undefined) return
      const mine = cursor === undefined ? ++generation.current : generation.current
      const change = (next: (before: Held) => Held): void => {
        if (mine !== generation.current) return
        latest.current = next(latest.current)
        setHeld(latest.current)
      }
      change((before) => ({ ...before, loading: true, problem: undefined }))
      const place = cursor === undefined ? `limit=${firstPage}` : `limit=${nextPages}&cursor=${cursor}`
      get<ListAnswer>(`upstream-errors?${query}&${place}`).then(
        ({ events, next_cursor }) =>
          change((before) => ({
            events: cursor === undefined ? events : before.events.concat(events),
            cursor: next_cursor,
            problem: undefined,
            loading: false,
          })),
        (error: unknown) => {
          const problem = error instanceof ProblemError ? error.problem : noAnswer
          change((before) => ({ ...before, problem, loading: false }))
        },
      )
    },
    [query],
  )

  useEffect(() => load(undefined), [load, tick])
  const more = held.cursor !== null && held.events.length < maxHeld
  const loadMore = useCallback(() => {
    const { cursor, loading, problem } = latest.current
    if (cursor !== null && !loading && problem === undefined) load(cursor)
  }, [load])
  const retry = useCallback(() => load(latest.current.cursor ?? undefined), [load])
  return { events: held.events, loading: held.loading, problem: held.problem, more, loadMore, retry }
}
