import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { ConsoleConfig, ListedEvent } from '../api/types.ts'
import { HistogramPanel } from '../chart/histogram-panel.tsx'
import { wholeNumber } from '../format/number.ts'
import { EmptyState } from '../overview/empty-state.tsx'
import { useKeys } from '../shell/keyboard.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import type { Refresh } from '../shell/use-refresh.ts'
import { filterQuery, selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { ColumnChooser } from './column-chooser.tsx'
import { chosenColumns } from './columns.tsx'
import { EventTable } from './event-table.tsx'
import { LiveControls } from './live-controls.tsx'
import { maxLiveEvents, useLiveEvents } from './use-live-events.ts'
import { usePages } from './use-pages.ts'

interface ErrorsProps {
  state: UrlState
  refresh: Refresh
  config: ConsoleConfig | undefined
}

/** The events themselves: a table that loads as it is scrolled, or follows new events. */
export function Errors({ state, refresh, config }: ErrorsProps) {
  const columns = useMemo(() => chosenColumns(state.columns), [state.columns])
  const fields = columns.map((column) => column.name).join(',')
  const query = selectionQuery(state, { fields })
  // By hand only: new rows that push the others down are what following is for.
  const [asked, setAsked] = useState(0)
  const pages = usePages(query, asked)
  const [paused, setPaused] = useState(false)
  const [atTop, setAtTop] = useState(true)
  const live = useLiveEvents(
    state.live ? filterQuery(state.filters, { fields }) : undefined,
    paused || !atTop,
  )
  const following = live.state?.status === 'following'
  // The list is asked for again once the tail has begun, so that nothing falls between them.
  useEffect(() => {
    if (following) setAsked((count) => count + 1)
  }, [following])
  const events = useMemo(
    () => (state.live ? withoutRepetition(live.events, pages.events) : pages.events),
    [state.live, live.events, pages.events],
  )
  const [selected, setSelected] = useState<string>()
  useEffect(() => setSelected(state.event), [state.event])

  const open = useCallback((eventId: string) => {
    setSelected(eventId)
    navigate({ event: eventId })
  }, [])
  const move = (step: number): void => {
    const index = events.findIndex((event) => event.event_id === selected)
    const next = events[Math.min(events.length - 1, Math.max(0, index + step))]
    if (next === undefined) return
    setSelected(next.event_id)
    // The open details follow the selection; the way back is the event that was opened first.
    if (state.event) navigate({ event: next.event_id }, { replace: true })
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => selected && open(selected),
    o: () => selected && open(selected),
    l: () => navigate({ live: !state.live }, { replace: true }),
    p: () => state.live && setPaused(!paused),
  })

  const empty = events.length === 0 && !pages.loading && !pages.problem
  return (
    <div class="errors">
      <HistogramPanel state={state} tick={refresh.tick} height={120} />
      <section class="panel errors-panel" aria-label="Events" aria-busy={pages.loading}>
        <header class="panel-header">
          <h2>Events</h2>
          <span class="quiet" role="status">
            {pages.loading && events.length === 0
              ? 'Loading…'
              : `${wholeNumber(events.length)}${pages.more ? '+' : ''} loaded`}
          </span>
          <div class="errors-tools">
            <LiveControls
              state={state}
              live={live}
              paused={paused}
              scrolled={!atTop}
              onPause={() => setPaused(!paused)}
            />
            <ColumnChooser columns={columns} />
            {!state.live && (
              <button type="button" class="button" onClick={() => setAsked((count) => count + 1)}>
                Newest
              </button>
            )}
          </div>
        </header>
        {pages.problem && <ProblemNotice problem={pages.problem} onRetry={pages.retry} />}
        {empty && !state.live ? (
          <EmptyState state={state} config={config} onFirstEvent={() => setAsked((count) => count + 1)} />
        ) : (
          <EventTable
            events={events}
            columns={columns}
            selected={selected}
            openEvent={state.event}
            onOpen={open}
            onEnd={pages.loadMore}
            onTop={setAtTop}
            more={!state.live && pages.more}
          />
        )}
      </section>
    </div>
  )
}

/** New events before those that were there; what came both ways is shown once. */
function withoutRepetition(
  live: readonly ListedEvent[],
  listed: readonly ListedEvent[],
): readonly ListedEvent[] {
  const known = new Set(live.map((event) => event.event_id))
  const room = Math.max(0, maxLiveEvents - live.length)
  return [...live, ...listed.filter((event) => !known.has(event.event_id)).slice(0, room)]
}
