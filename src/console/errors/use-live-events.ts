import { useEffect, useRef, useState } from 'preact/hooks'
import { followEvents, type TailState } from '../api/follow-events.ts'
import { onTokenChange } from '../api/token.ts'
import type { ListedEvent } from '../api/types.ts'

export interface LiveEvents {
  /** Newest first, at most `maxLiveEvents`. */
  readonly events: readonly ListedEvent[]
  /** Those that came while it was held, up to as many. */
  readonly waiting: number
  readonly state: TailState | undefined
  readonly gap: string | undefined
}

/** Older ones make room, so that following for a day costs what following for a minute costs. */
export const maxLiveEvents = 2000
/** Often enough to feel alive, seldom enough to read. */
const showEveryMs = 200

const none: LiveEvents = { events: [], waiting: 0, state: undefined, gap: undefined }

/**
 * Follows new events while `query` is given. While `held` they are kept aside.
 * @param query filters and fields of the tail; undefined = not following.
 */
export function useLiveEvents(query: string | undefined, held: boolean): LiveEvents {
  const [live, setLive] = useState<LiveEvents>(none)
  const isHeld = useRef(held)
  isHeld.current = held
  const [token, setToken] = useState(0)
  useEffect(() => onTokenChange(() => setToken((count) => count + 1)), [])

  useEffect(() => {
    setLive(none)
    if (query === undefined) return
    const ending = new AbortController()
    let arrived: ListedEvent[] = []
    const show = setInterval(() => {
      if (arrived.length > maxLiveEvents) arrived = arrived.slice(-maxLiveEvents)
      if (isHeld.current) {
        const waiting = arrived.length
        return setLive((before) => (before.waiting === waiting ? before : { ...before, waiting }))
      }
      if (arrived.length === 0)
        return setLive((before) => (before.waiting === 0 ? before : { ...before, waiting: 0 }))
      const added = arrived.toReversed()
      arrived = []
      setLive((before) => ({
        ...before,
        waiting: 0,
        events: [...added, ...before.events].slice(0, maxLiveEvents),
      }))
    }, showEveryMs)
    void followEvents(
      query,
      {
        onEvent: (event) => arrived.push(event),
        onGap: (gap) => setLive((before) => ({ ...before, gap })),
        onState: (state) => setLive((before) => ({ ...before, state })),
      },
      ending.signal,
    )
    return () => {
      ending.abort()
      clearInterval(show)
    }
  }, [query, token])
  return live
}
