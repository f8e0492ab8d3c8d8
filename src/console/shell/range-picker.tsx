import { useState } from 'preact/hooks'
import { calendarDate, clockTime } from '../format/time.ts'
import {
  absoluteRange,
  quickRanges,
  type RangeText,
  rangeMs,
  timeMs,
  zoomedOut,
} from '../url-state/time-range.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { usePopover } from './use-popover.ts'

/** What the range is, in few words. */
function rangeLabel(range: RangeText): string {
  const quick = quickRanges.find((item) => item.from === range.from)
  if (quick && (range.to === '' || range.to === 'now')) return `Last ${quick.label}`
  const { fromMs, toMs } = rangeMs(range, Date.now())
  const [from, to] = [new Date(fromMs), new Date(toMs)]
  const sameDay = calendarDate(from) === calendarDate(to)
  const end = range.to === '' ? 'now' : `${sameDay ? '' : `${calendarDate(to).slice(5)} `}${clockTime(to)}`
  return `${calendarDate(from).slice(5)} ${clockTime(from)} – ${end}`
}

/** The value of an `<input type="datetime-local">`, in the browser's zone. */
const localText = (ms: number): string => {
  const date = new Date(ms)
  return `${calendarDate(date)}T${clockTime(date)}`
}

export function RangePicker({ range }: { range: RangeText }) {
  const { box, open, setOpen } = usePopover()
  const choose = (chosen: RangeText): void => {
    setOpen(false)
    navigate({ range: chosen })
  }
  return (
    <div class="range-picker" ref={box}>
      <button
        type="button"
        class="button range-button"
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
      >
        <span class="visually-hidden">Time range: </span>
        {rangeLabel(range)}
      </button>
      <button
        type="button"
        class="button button-icon"
        aria-label="Zoom out"
        title="Zoom out: twice the time"
        onClick={() => choose(zoomedOut(range, Date.now()))}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path class="icon-line" d="M7 3a4 4 0 1 0 .01 0M10 10l3.5 3.5M5 7h4" />
        </svg>
      </button>
      {open && <RangeDialog range={range} onChoose={choose} />}
    </div>
  )
}

function RangeDialog({ range, onChoose }: { range: RangeText; onChoose: (range: RangeText) => void }) {
  const now = Date.now()
  const { fromMs, toMs } = rangeMs(range, now)
  const [from, setFrom] = useState(localText(fromMs))
  const [to, setTo] = useState(localText(toMs))
  const [relative, setRelative] = useState(range.from.startsWith('now-') ? range.from.slice(4) : '')
  const relativeOk = timeMs(`now-${relative}`, now) !== undefined && relative !== ''
  const absoluteOk = Date.parse(from) < Date.parse(to)
  return (
    <div class="popover range-dialog" role="dialog" aria-label="Time range">
      <div class="range-quick">
        {quickRanges.map((quick) => (
          <button
            key={quick.from}
            type="button"
            class="button"
            aria-pressed={range.from === quick.from && range.to === ''}
            onClick={() => onChoose({ from: quick.from, to: '' })}
          >
            {quick.label}
          </button>
        ))}
      </div>
      <form
        class="range-relative"
        onSubmit={(event) => {
          event.preventDefault()
          if (relativeOk) onChoose({ from: `now-${relative}`, to: '' })
        }}
      >
        <label>
          Last
          <input
            value={relative}
            placeholder="45m, 3h, 10d"
            aria-invalid={!relativeOk && relative !== ''}
            onInput={(event) => setRelative(event.currentTarget.value.trim())}
          />
        </label>
        <button type="submit" class="button" disabled={!relativeOk}>
          Show
        </button>
      </form>
      <form
        class="range-absolute"
        onSubmit={(event) => {
          event.preventDefault()
          if (absoluteOk) onChoose(absoluteRange(Date.parse(from), Date.parse(to)))
        }}
      >
        <label>
          From
          <input
            type="datetime-local"
            step="1"
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
          />
        </label>
        <label>
          To
          <input
            type="datetime-local"
            step="1"
            value={to}
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button button-primary" disabled={!absoluteOk}>
          Show
        </button>
      </form>
      <p class="quiet">Times are in your zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</p>
    </div>
  )
}
