import { wholeNumber } from '../format/number.ts'
import type { UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { type LiveEvents, maxLiveEvents } from './use-live-events.ts'

interface LiveControlsProps {
  state: UrlState
  live: LiveEvents
  paused: boolean
  /** The newest row is out of sight, so new ones wait. */
  scrolled: boolean
  onPause: () => void
}

function stateText({ live, paused, scrolled }: LiveControlsProps): string {
  const { state, waiting } = live
  if (state?.status === 'refused') return state.reason
  if (state?.status === 'away') return 'Connection lost; coming back'
  if (state?.status !== 'following') return 'Connecting…'
  const held = waiting >= maxLiveEvents ? `over ${wholeNumber(maxLiveEvents)}` : wholeNumber(waiting)
  if (paused) return `Paused · ${held} new`
  if (scrolled) return `${held} new above`
  return 'Following'
}

/** Follow, pause, and how it goes. */
export function LiveControls(props: LiveControlsProps) {
  const { state, live, paused, onPause } = props
  return (
    <>
      {state.live && (
        <span
          class={`live-state live-${live.state?.status ?? 'connecting'}`}
          title={live.gap ? `Some events are missing here: ${live.gap}` : undefined}
        >
          {stateText(props)}
          {live.gap && ' · with gaps'}
        </span>
      )}
      {state.live && (
        <button type="button" class="button" aria-pressed={paused} onClick={onPause}>
          {paused ? 'Resume' : 'Pause'}
        </button>
      )}
      <button
        type="button"
        class="button"
        aria-pressed={state.live}
        onClick={() => navigate({ live: !state.live }, { replace: true })}
      >
        Live
      </button>
    </>
  )
}
