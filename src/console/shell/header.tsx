import { currentToken, forgetToken } from '../api/token.ts'
import type { UrlState, View } from '../url-state/url-state.ts'
import { addressOf, navigate } from '../url-state/use-url-state.ts'
import { RangePicker } from './range-picker.tsx'
import { toggleTheme, useTheme } from './theme.ts'
import type { Refresh } from './use-refresh.ts'

const tabs: readonly (readonly [View, string])[] = [
  ['overview', 'Overview'],
  ['errors', 'Errors'],
  ['groups', 'Groups'],
]

export function Header({
  state,
  refresh,
  onHelp,
}: {
  state: UrlState
  refresh: Refresh
  onHelp: () => void
}) {
  const theme = useTheme()
  return (
    <header class="header">
      <span class="brand">
        <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
          <rect width="16" height="16" rx="3.5" class="brand-ground" />
          <path d="M3.5 11.5v-2M6.5 11.5v-4M9.5 11.5v-7M12.5 11.5v-3" class="brand-bars" />
        </svg>
        <span class="brand-name">ops-sidecar</span>
      </span>
      <nav class="tabs" aria-label="Views">
        {tabs.map(([view, label]) => (
          <a
            key={view}
            href={addressOf({ view, event: undefined })}
            aria-current={state.view === view ? 'page' : undefined}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return
              event.preventDefault()
              navigate({ view, event: undefined })
            }}
          >
            {label}
          </a>
        ))}
      </nav>
      <div class="header-tools">
        <RangePicker range={state.range} />
        <button
          type="button"
          class="button button-icon"
          title={refresh.everySeconds > 0 ? `Refresh (by itself every ${refresh.everySeconds} s)` : 'Refresh'}
          aria-label="Refresh"
          onClick={refresh.now}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path class="icon-line" d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3" />
          </svg>
        </button>
        <button
          type="button"
          class="button button-icon"
          aria-label={theme === 'dark' ? 'Light colours' : 'Dark colours'}
          title={theme === 'dark' ? 'Light colours' : 'Dark colours'}
          onClick={toggleTheme}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle class="icon-line" cx="8" cy="8" r="5" />
            <path class="icon-fill" d="M8 3a5 5 0 0 1 0 10z" />
          </svg>
        </button>
        <button
          type="button"
          class="button button-icon"
          aria-label="Keys and filters"
          title="Keys and filters (?)"
          onClick={onHelp}
        >
          ?
        </button>
        {currentToken() !== undefined && (
          <button type="button" class="button button-quiet" onClick={forgetToken}>
            Forget token
          </button>
        )}
      </div>
    </header>
  )
}
