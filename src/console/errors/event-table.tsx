import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ListedEvent } from '../api/types.ts'
import type { Column } from './columns.tsx'
import { memo } from './memo.tsx'

export const rowHeight = 32
/** Rows drawn beyond what is seen, so that scrolling does not show gaps. */
const overscan = 12

interface EventTableProps {
  readonly events: readonly ListedEvent[]
  readonly columns: readonly Column[]
  readonly selected: string | undefined
  readonly openEvent: string | undefined
  readonly onOpen: (eventId: string) => void
  /** Called when the end comes near. */
  readonly onEnd: () => void
  /** Called with whether the newest row is in sight. */
  readonly onTop: (atTop: boolean) => void
  /** Rows that there are beyond those held; undefined = not known. */
  readonly more: boolean
}

/** A table of which only the rows in sight exist, however many it has. */
export function EventTable(props: EventTableProps) {
  const { events, columns, selected, openEvent, onOpen, onEnd, onTop, more } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const first = Math.max(0, Math.floor(view.top / rowHeight) - overscan)
  const last = Math.min(events.length, Math.ceil((view.top + view.height) / rowHeight) + overscan)

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (more && last >= events.length - 50) onEnd()
  }, [more, last, events.length, onEnd])
  const selectedIndex = selected === undefined ? -1 : events.findIndex((event) => event.event_id === selected)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || selectedIndex < 0) return
    const top = selectedIndex * rowHeight
    const seen = element.clientHeight - 2 * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top > element.scrollTop + seen) element.scrollTop = top - seen
  }, [selectedIndex])

  const tracks = columns.map((column) => column.width).join(' ')
  return (
    <div
      class="table"
      ref={scroller}
      role="grid"
      aria-label="Upstream errors"
      aria-rowcount={more ? -1 : events.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={selectedIndex >= first && selectedIndex < last ? `row-${selected}` : undefined}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, clientHeight } = event.currentTarget
        setView({ top: scrollTop, height: clientHeight })
        onTop(scrollTop < rowHeight)
      }}
    >
      <div class="table-head" role="rowgroup">
        <div class="table-row" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {columns.map((column) => (
            <div key={column.name} role="columnheader" class="table-cell">
              {column.title}
            </div>
          ))}
        </div>
      </div>
      <div class="table-body" role="rowgroup" style={{ height: `${events.length * rowHeight}px` }}>
        {events.slice(first, last).map((event, offset) => (
          <Row
            key={event.event_id}
            event={event}
            index={first + offset}
            columns={columns}
            tracks={tracks}
            selected={event.event_id === selected}
            open={event.event_id === openEvent}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  )
}

interface RowProps {
  event: ListedEvent
  index: number
  columns: readonly Column[]
  tracks: string
  selected: boolean
  open: boolean
  onOpen: (eventId: string) => void
}

const Row = memo(function Row({ event, index, columns, tracks, selected, open, onOpen }: RowProps) {
  return (
    <div
      id={`row-${event.event_id}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      class={open ? 'table-row event-row event-row-open' : 'table-row event-row'}
      style={{ gridTemplateColumns: tracks, transform: `translateY(${index * rowHeight}px)` }}
      onClick={() => onOpen(event.event_id)}
    >
      {columns.map((column) => (
        <div key={column.name} role="gridcell" class={`table-cell cell-${column.name.replaceAll('_', '-')}`}>
          {column.show(event)}
        </div>
      ))}
    </div>
  )
})
