import { useEffect, useRef } from 'preact/hooks'
import type { ConsoleConfig, UpstreamError } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { StatusBadge } from '../errors/columns.tsx'
import { ago, duration, fullTime } from '../format/time.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { navigate } from '../url-state/use-url-state.ts'
import { asCurl } from './as-curl.ts'
import { Body, Headers } from './body.tsx'
import { CopyButton } from './copy-button.tsx'
import { Fields } from './fields.tsx'
import { RequestSections } from './request-sections.tsx'
import { traceLink } from './trace-link.ts'

/** One event in full, beside what it was chosen from. */
export function Drawer({ eventId, config }: { eventId: string; config: ConsoleConfig | undefined }) {
  const { answer, problem, loading } = useQuery<UpstreamError>(`upstream-errors/${eventId}`)
  const event = answer?.event_id === eventId ? answer : undefined
  const box = useRef<HTMLElement>(null)
  // The focus comes along, and goes back where it was.
  useEffect(() => {
    const before = document.activeElement
    box.current?.focus({ preventScroll: true })
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <aside class="drawer" aria-label="Event" aria-busy={loading} ref={box} tabIndex={-1}>
      <header class="drawer-header">
        <h2>Event</h2>
        {event && <DrawerTools event={event} config={config} />}
        <button
          type="button"
          class="button button-icon"
          aria-label="Close"
          title="Close (Esc)"
          onClick={() => navigate({ event: undefined })}
        >
          ×
        </button>
      </header>
      {problem && <ProblemNotice problem={problem} />}
      {!event && !problem && <div class="skeleton drawer-skeleton" />}
      {event && <EventDetail event={event} />}
    </aside>
  )
}

function DrawerTools({ event, config }: { event: UpstreamError; config: ConsoleConfig | undefined }) {
  const trace = traceLink(config?.trace_url_template, event)
  return (
    <div class="drawer-tools">
      {trace && (
        <a class="button button-small" href={trace} target="_blank" rel="noreferrer noopener">
          Trace
        </a>
      )}
      <CopyButton label="Copy link" text={() => location.href} />
      <CopyButton label="Copy JSON" text={() => JSON.stringify(event, null, 2)} />
      <CopyButton label="Copy curl" text={() => asCurl(event)} />
    </div>
  )
}

function EventDetail({ event }: { event: UpstreamError }) {
  const at = new Date(event.created_at)
  return (
    <>
      <section class="detail-top">
        <p class="detail-who">
          <StatusBadge status={event.status_code} />
          <strong>{event.platform ?? 'platform not known'}</strong>
          {event.model && <span>{event.model}</span>}
          {event.account_id && (
            <span>
              account {event.account_id} {event.account_name && `(${event.account_name})`}
            </span>
          )}
        </p>
        <p class="detail-message">{event.error_message ?? <i>no message</i>}</p>
        <p class="detail-when quiet">
          <time dateTime={event.created_at}>{fullTime(at)}</time> · {ago(at, Date.now())}
          {event.retry_after_ms ? ` · asked to wait ${duration(event.retry_after_ms)}` : ''}
          {event.latency_ms ? ` · failed after ${duration(event.latency_ms)}` : ''}
        </p>
      </section>
      {event.request_id && <RequestSections requestId={event.request_id} eventId={event.event_id} />}
      <Fields event={event} />
      <Headers title="Response headers" headers={event.response_headers} />
      <Body title="Response body" text={event.response_body} bytes={event.response_body_bytes} />
      <Headers title="Request headers" headers={event.request_headers} />
      <Body title="Request body" text={event.request_body} bytes={event.request_body_bytes} />
      <Headers title="Other attributes" headers={event.attributes} />
    </>
  )
}
