import { useEffect, useRef } from 'preact/hooks'
import type { ConsoleConfig, ListAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { CodeBlock } from '../detail/code-block.tsx'
import { useNow } from '../shell/use-now.ts'
import type { UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { firstEventCurl, sdkLines } from './first-event.ts'

interface EmptyStateProps {
  state: UrlState
  config: ConsoleConfig | undefined
  onFirstEvent: () => void
}

const askAgainMs = 2000

/** Nothing to show: either nothing matches, or nothing was ever sent, and then how to send the first event. */
export function EmptyState({ state, config, onFirstEvent }: EmptyStateProps) {
  const now = useNow(askAgainMs)
  const anything = useQuery<ListAnswer>('upstream-errors?from=now-400d&limit=1&fields=platform', now)
  const wasEmpty = useRef(false)
  const found = anything.answer && anything.answer.events.length > 0
  useEffect(() => {
    if (found && wasEmpty.current) onFirstEvent()
    if (found !== undefined) wasEmpty.current = !found
  }, [found, onFirstEvent])
  if (anything.answer === undefined) return <div class="skeleton" />
  if (found) return <NothingMatches state={state} />
  const otlpUrl = `${location.protocol}//${location.hostname}:${config?.otlp_http_port ?? 4318}`
  const curl = firstEventCurl(otlpUrl)
  return (
    <section class="empty panel">
      <h2>No upstream errors yet</h2>
      <p>
        The sidecar listens for OTLP on <code>{otlpUrl}</code>. Send a first event; it appears here by itself.
      </p>
      <h3>With curl</h3>
      <CodeBlock label="curl" text={curl} />
      <h3>From a Node gateway</h3>
      <CodeBlock label="TypeScript" text={sdkLines} />
      <p class="quiet">
        Any OpenTelemetry SDK works: set <code>OTEL_EXPORTER_OTLP_ENDPOINT={otlpUrl}</code> and record the
        event <code>ops.upstream_error</code>. <a href="api/docs">The API's documentation</a> is here.
      </p>
    </section>
  )
}

function NothingMatches({ state }: { state: UrlState }) {
  return (
    <section class="empty panel">
      <h2>No errors here</h2>
      <p>
        {state.filters.length > 0
          ? 'Nothing in this range passes the filters.'
          : 'Nothing failed in this range. Earlier events are stored.'}
      </p>
      <p class="empty-actions">
        {state.filters.length > 0 && (
          <button type="button" class="button button-primary" onClick={() => navigate({ filters: [] })}>
            Remove the filters
          </button>
        )}
        <button type="button" class="button" onClick={() => navigate({ range: { from: 'now-24h', to: '' } })}>
          Last 24 hours
        </button>
        <button type="button" class="button" onClick={() => navigate({ range: { from: 'now-30d', to: '' } })}>
          Last 30 days
        </button>
      </p>
    </section>
  )
}
