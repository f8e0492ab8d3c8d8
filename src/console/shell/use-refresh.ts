import { useCallback, useEffect, useState } from 'preact/hooks'
import { isMoving, type RangeText, rangeMs } from '../url-state/time-range.ts'

export interface Refresh {
  /** Changes when what is shown should be asked for again. */
  readonly tick: number
  readonly now: () => void
  /** 0 = only by hand: the range lies in the past. */
  readonly everySeconds: number
}

/** The longer the range, the less one event changes of it. */
function interval(range: RangeText): number {
  if (!isMoving(range)) return 0
  const { fromMs, toMs } = rangeMs(range, Date.now())
  const hours = (toMs - fromMs) / 3_600_000
  return hours <= 1 ? 5 : hours <= 24 ? 15 : 60
}

/** Asks again by itself while the page is looked at and its range moves with time. */
export function useRefresh(range: RangeText): Refresh {
  const [tick, setTick] = useState(0)
  const now = useCallback(() => setTick((count) => count + 1), [])
  const everySeconds = interval(range)
  useEffect(() => {
    if (everySeconds === 0) return
    const timer = setInterval(() => !document.hidden && now(), everySeconds * 1000)
    const onVisible = (): void => {
      if (!document.hidden) now()
    }
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [everySeconds, now])
  return { tick, now, everySeconds }
}
